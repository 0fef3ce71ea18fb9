"""Until when the frames of a charge point are kept for an operator to see; null: they are not."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the column."""
    op.execute("ALTER TABLE charge_points ADD COLUMN trace_until timestamptz")


def downgrade() -> None:
    """Drops it."""
    op.execute("ALTER TABLE charge_points DROP COLUMN trace_until")
