"""Inventory, rolled-up state, history, log positions, leases.

State stands beside the inventory in one row: every writer locks that row anyway. History is
partitioned by ``received_at``; the rollup makes partitions ahead, ``history_default`` catches the rest.
"""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = """
CREATE SEQUENCE revisions;

CREATE TABLE stations (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL,
    name text NOT NULL,
    address text,
    latitude double precision,
    longitude double precision,
    time_zone text,
    version bigint NOT NULL DEFAULT nextval('revisions'),
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    status text NOT NULL DEFAULT 'UNKNOWN',
    health text NOT NULL DEFAULT 'UNKNOWN',
    partially_available boolean NOT NULL DEFAULT false,
    counts jsonb NOT NULL DEFAULT '{}',
    revision bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((latitude IS NULL) = (longitude IS NULL))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX stations_id ON stations (id) WHERE deleted_at IS NULL;

CREATE TABLE charge_points (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL,
    folded_id text NOT NULL GENERATED ALWAYS AS (lower(id)) STORED,
    station_key bigint REFERENCES stations,
    registration text NOT NULL DEFAULT 'ACCEPTED',
    password_hash text,
    operative boolean NOT NULL DEFAULT true,
    version bigint NOT NULL DEFAULT nextval('revisions'),
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    log_partition integer,
    protocol text,
    vendor text,
    model text,
    serial text,
    firmware text,
    connectivity text NOT NULL DEFAULT 'NEVER',
    connectivity_since timestamptz,
    last_seen_at timestamptz,
    closed_at timestamptz,
    previous_seen_at timestamptz,
    gateway_id text,
    epoch bigint NOT NULL DEFAULT 0,
    sequence bigint NOT NULL DEFAULT -1,
    status text NOT NULL DEFAULT 'UNKNOWN',
    health text NOT NULL DEFAULT 'UNKNOWN',
    evse_counts jsonb NOT NULL DEFAULT '{}',
    connector_counts jsonb NOT NULL DEFAULT '{}',
    revision bigint NOT NULL DEFAULT 0,
    document text NOT NULL DEFAULT ''
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX charge_points_id ON charge_points (folded_id) WHERE deleted_at IS NULL;
CREATE INDEX charge_points_deleted ON charge_points (folded_id) WHERE deleted_at IS NOT NULL;
CREATE INDEX charge_points_station ON charge_points (station_key) WHERE deleted_at IS NULL;
CREATE INDEX charge_points_closed ON charge_points (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX charge_points_gateway ON charge_points (gateway_id) WHERE connectivity = 'ONLINE';

CREATE TABLE reports (
    charge_point_key bigint NOT NULL REFERENCES charge_points,
    evse_id smallint NOT NULL,
    connector_id smallint NOT NULL,
    reported text NOT NULL,
    error_code text,
    vendor_error_code text,
    info text,
    since timestamptz NOT NULL,
    event_time timestamptz NOT NULL,
    reported_at timestamptz,
    received_at timestamptz NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (charge_point_key, evse_id, connector_id)
) WITH (fillfactor = 80);

CREATE SEQUENCE history_ids;
CREATE TABLE history (
    id bigint NOT NULL DEFAULT nextval('history_ids'),
    charge_point_key bigint NOT NULL,
    kind text NOT NULL,
    evse_id smallint,
    connector_id smallint,
    reported text NOT NULL,
    normalized text,
    error_code text,
    vendor_error_code text,
    info text,
    event_time timestamptz NOT NULL,
    reported_at timestamptz,
    reported_at_text text,
    received_at timestamptz NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    flags text[] NOT NULL DEFAULT '{}'
) PARTITION BY RANGE (received_at);
CREATE UNIQUE INDEX history_event ON history (charge_point_key, epoch, sequence, kind, received_at);
CREATE INDEX history_newest ON history (charge_point_key, received_at DESC, id DESC);
CREATE TABLE history_default PARTITION OF history DEFAULT;

CREATE TABLE log_positions (
    topic text NOT NULL,
    partition integer NOT NULL,
    next bigint NOT NULL DEFAULT 0,
    last_record text,
    PRIMARY KEY (topic, partition)
);

CREATE TABLE dead_letter_senders (
    topic text NOT NULL,
    sender text NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (topic, sender)
);

CREATE TABLE gateways (
    id text PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT now(),
    renewed_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);

CREATE TABLE unpublished (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_keys bigint[] NOT NULL,
    charge_point_keys bigint[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""


def upgrade() -> None:
    """Creates all of it."""
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """There is nothing before this."""
    raise NotImplementedError("drop the database instead")
