"""What operators ask of chargers, chargers nobody knows, and who changed what.

A row of ``intents`` is the last wish for a place: it waits (no result), was answered, and is over
once the charger's own status agrees (``confirmed_at``), or it said no.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = """
CREATE TABLE intents (
    charge_point_key bigint NOT NULL REFERENCES charge_points,
    evse_id smallint NOT NULL,
    connector_id smallint NOT NULL,
    version bigint NOT NULL DEFAULT nextval('revisions'),
    operative boolean NOT NULL,
    note text,
    asked_at timestamptz NOT NULL DEFAULT now(),
    result text,
    answered_at timestamptz,
    confirmed_at timestamptz,
    PRIMARY KEY (charge_point_key, evse_id, connector_id)
);
CREATE INDEX intents_waiting ON intents (charge_point_key) WHERE result IS NULL;

CREATE TABLE unknown_charge_points (
    folded_id text PRIMARY KEY,
    id text NOT NULL,
    status integer NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX unknown_charge_points_last ON unknown_charge_points (last_seen_at);

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    station_id text,
    charge_point_id text,
    before jsonb,
    after jsonb,
    request_id text
);
CREATE INDEX audit_station ON audit (station_id, id DESC) WHERE station_id IS NOT NULL;
CREATE INDEX audit_charge_point ON audit (charge_point_id, id DESC) WHERE charge_point_id IS NOT NULL
"""


def upgrade() -> None:
    """Creates all of it."""
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Forgets wishes, unknown chargers and the audit."""
    for table in ("audit", "unknown_charge_points", "intents"):
        op.execute(f"DROP TABLE {table}")
