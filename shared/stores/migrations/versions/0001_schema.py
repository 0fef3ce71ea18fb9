"""The whole schema, and the role that may read it: ``schema.sql`` and ``read_role.sql``."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

SCRIPTS = Path(__file__).parent.parent


def upgrade() -> None:
    """Creates all of it."""
    for script in ("schema.sql", "read_role.sql"):
        for statement in (SCRIPTS / script).read_text().split(";\n\n"):
            op.execute(statement)


def downgrade() -> None:
    """There is nothing before this."""
    raise NotImplementedError("drop the database instead")
