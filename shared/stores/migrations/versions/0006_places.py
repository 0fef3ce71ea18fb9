"""A line of history for each place that an event speaks of, and when a place's ``info`` last made one."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """One column; the identity of a line has its place in it."""
    op.execute("ALTER TABLE reports ADD COLUMN info_at timestamptz")
    op.execute("DROP INDEX history_event")
    op.execute(
        "CREATE UNIQUE INDEX history_event ON history"
        " (charge_point_key, epoch, sequence, kind, evse_id, connector_id, received_at) NULLS NOT DISTINCT"
    )


def downgrade() -> None:
    """Back to one line an event and kind."""
    raise NotImplementedError("drop the database instead")
