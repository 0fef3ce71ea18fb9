-- The whole schema. A statement ends with a semicolon and an empty line.
--
-- State stands beside the inventory in one row: every writer locks that row anyway.

CREATE SEQUENCE revisions;

CREATE TABLE stations (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL,
    folded_id text NOT NULL GENERATED ALWAYS AS (lower(id)) STORED,
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
    connectivity_counts jsonb NOT NULL DEFAULT '{}',
    traits smallint NOT NULL DEFAULT 0,  -- bits of shared.stores.fleet: what some charge point of the station is
    status_since timestamptz NOT NULL DEFAULT now(),
    revision bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((latitude IS NULL) = (longitude IS NULL))
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX stations_id ON stations (folded_id) WHERE deleted_at IS NULL;

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
    trace_until timestamptz,  -- until then its frames are kept for an operator to see
    log_partition integer,
    protocol text,
    vendor text,
    model text,
    serial text,
    firmware text,
    identity_conflict boolean NOT NULL DEFAULT false,
    hardware integer NOT NULL DEFAULT 1,  -- goes up with each other hardware under this id
    hardware_epoch bigint NOT NULL DEFAULT 0,  -- sessions before it were of the former one
    hardware_since timestamptz,  -- null: no place of the former one is left
    unreported_since timestamptz,  -- since then its places count as not reported
    connectivity text NOT NULL DEFAULT 'NEVER',
    connectivity_since timestamptz,
    last_seen_at timestamptz,
    closed_at timestamptz,
    previous_seen_at timestamptz,
    gateway_id text,
    epoch bigint NOT NULL DEFAULT 0,
    sequence bigint NOT NULL DEFAULT -1,
    status text NOT NULL DEFAULT 'UNKNOWN',
    status_since timestamptz,
    health text NOT NULL DEFAULT 'UNKNOWN',
    evse_counts jsonb NOT NULL DEFAULT '{}',
    connector_counts jsonb NOT NULL DEFAULT '{}',
    revision bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    silent boolean NOT NULL DEFAULT false,  -- it is ONLINE, was asked, and nothing is known of its places
    flapping boolean NOT NULL DEFAULT false,  -- of some place of it; stuck, too, or it is silent
    stuck boolean NOT NULL DEFAULT false,
    document text NOT NULL DEFAULT ''
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX charge_points_id ON charge_points (folded_id) WHERE deleted_at IS NULL;

CREATE INDEX charge_points_deleted ON charge_points (folded_id) WHERE deleted_at IS NOT NULL;

CREATE INDEX charge_points_station ON charge_points (station_key) WHERE deleted_at IS NULL;

CREATE INDEX charge_points_closed ON charge_points (closed_at) WHERE closed_at IS NOT NULL;

-- Not let in any more, and its socket is gone: nobody there says so.
CREATE INDEX charge_points_refused ON charge_points (key) WHERE registration <> 'ACCEPTED' AND closed_at IS NOT NULL;

CREATE INDEX charge_points_hardware ON charge_points (hardware_since) WHERE hardware_since IS NOT NULL;

-- Few have a flag, and no status raises or lowers one but of its own place: updates stay HOT.
CREATE INDEX charge_points_flapping ON charge_points (folded_id) WHERE flapping AND deleted_at IS NULL;

CREATE INDEX charge_points_stuck ON charge_points (folded_id) WHERE stuck AND deleted_at IS NULL;

CREATE INDEX charge_points_gateway ON charge_points (gateway_id) WHERE connectivity = 'ONLINE';

-- The last word of each place, and what the rules made of it. An EVSE's own status stands with each of its places.
CREATE TABLE reports (
    charge_point_key bigint NOT NULL REFERENCES charge_points,
    evse_id smallint NOT NULL,
    connector_id smallint NOT NULL,
    reported text NOT NULL,
    error_code text,
    vendor_error_code text,
    vendor_id text,
    info text,
    since timestamptz NOT NULL,
    event_time timestamptz NOT NULL,
    reported_at timestamptz,
    received_at timestamptz NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    status text,  -- null: the rules have not settled it yet
    reason text,
    status_since timestamptz,
    evse_status text,
    evse_since timestamptz,
    forgotten boolean NOT NULL DEFAULT false,  -- an operator says that it is no longer there; a rollup deletes it
    info_at timestamptz,  -- when history last got a line that tells of its info alone
    word_since timestamptz,  -- since when it is this very word
    flapping boolean NOT NULL DEFAULT false,
    stuck boolean NOT NULL DEFAULT false,
    PRIMARY KEY (charge_point_key, evse_id, connector_id)
) WITH (fillfactor = 80);

CREATE INDEX reports_forgotten ON reports (charge_point_key) WHERE forgotten;

-- Partitioned by received_at; the rollup makes partitions ahead, history_default catches the rest.
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
    vendor_id text,
    info text,
    event_time timestamptz NOT NULL,
    reported_at timestamptz,
    reported_at_text text,
    received_at timestamptz NOT NULL,
    epoch bigint NOT NULL,
    sequence bigint NOT NULL,
    flags text[] NOT NULL DEFAULT '{}'
) PARTITION BY RANGE (received_at);

CREATE UNIQUE INDEX history_event ON history
    (charge_point_key, epoch, sequence, kind, evse_id, connector_id, received_at) NULLS NOT DISTINCT;

CREATE INDEX history_newest ON history (charge_point_key, received_at DESC, id DESC);

CREATE TABLE history_default PARTITION OF history DEFAULT;

-- The network at the end of each minute that is over, and the lines of history in it: others have come since where they
-- differ. Charge points up to last_key were there.
CREATE TABLE series_minutes (
    at timestamptz PRIMARY KEY,
    connectors jsonb NOT NULL,
    charge_points jsonb NOT NULL,
    lines bigint NOT NULL,
    last_id bigint NOT NULL,
    last_key bigint NOT NULL
);

-- How far each partition was applied, and the digest of its last record: by it the log is known again.
CREATE TABLE log_positions (
    topic text NOT NULL,
    partition integer NOT NULL,
    next bigint NOT NULL DEFAULT 0,
    last_record text,
    PRIMARY KEY (topic, partition)
);

-- To plan for a few keys costs more than to find them: statements are planned once, and again when the tables have
-- doubled.
CREATE FUNCTION plugwatch_plan_again() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bytes bigint := pg_relation_size('charge_points') + pg_relation_size('stations') + pg_relation_size('reports');
BEGIN
    IF bytes > 2 * coalesce(nullif(current_setting('plugwatch.planned_for', true), '')::bigint, -1) THEN
        DISCARD PLANS;
        PERFORM set_config('plugwatch.planned_for', bytes::text, false);
    END IF;
END $$;

-- A rollup's transaction begins so: moves the positions, locks the touched stations, then the charge points, each
-- ascending, as every writer does. What is locked is read by a statement after this one: one that waited for a lock
-- goes on with what it saw before.
CREATE FUNCTION plugwatch_take(
    of_topic text, partitions int[], stored bigint[], following bigint[], records text[], keys bigint[],
    OUT moved int, OUT stations bigint[]
) LANGUAGE plpgsql AS $$
BEGIN
    -- For many keys each plan pays.
    IF cardinality(keys) > 200 THEN
        PERFORM set_config('plan_cache_mode', 'force_custom_plan', true);
    ELSE
        PERFORM set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true);
        PERFORM plugwatch_plan_again();
    END IF;
    UPDATE log_positions p SET next = n.following, last_record = n.record
    FROM unnest(partitions, stored, following, records) AS n (partition, stored, following, record)
    WHERE p.topic = of_topic AND p.partition = n.partition AND p.next = n.stored;
    GET DIAGNOSTICS moved = ROW_COUNT;
    IF moved <> cardinality(partitions) THEN RETURN; END IF;
    stations := ARRAY(
        SELECT DISTINCT station_key FROM charge_points
        WHERE key = ANY(keys) AND station_key IS NOT NULL AND deleted_at IS NULL
    );
    PERFORM FROM stations s WHERE s.key = ANY(plugwatch_take.stations) ORDER BY key FOR NO KEY UPDATE;
    PERFORM FROM charge_points WHERE key = ANY(keys) AND deleted_at IS NULL ORDER BY key FOR NO KEY UPDATE;
END $$;

-- A rollup that remembers what these rows came to writes without reading them: so it begins then, and raises PW001 where
-- a row is not the one it remembers. A row is known by xmin, the transaction that wrote it: whoever changes what a rollup
-- folds writes the row of its charge point, too, or marks a report as forgotten.
CREATE FUNCTION plugwatch_hold(
    of_topic text, partitions int[], stored bigint[], following bigint[], records text[],
    stations bigint[], station_xmins xid[], charge_points bigint[], charge_point_xmins xid[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    moved int;
    held int;
    of_gateways text[];
BEGIN
    PERFORM plugwatch_plan_again();
    UPDATE log_positions p SET next = n.following, last_record = n.record
    FROM unnest(partitions, stored, following, records) AS n (partition, stored, following, record)
    WHERE p.topic = of_topic AND p.partition = n.partition AND p.next = n.stored;
    GET DIAGNOSTICS moved = ROW_COUNT;
    SELECT count(*) INTO held
    FROM (SELECT key, xmin FROM stations s WHERE key = ANY(stations) ORDER BY key FOR NO KEY UPDATE) s
    JOIN unnest(stations, station_xmins) AS n (key, known) ON n.key = s.key AND n.known = s.xmin;
    IF moved = cardinality(partitions) AND held = cardinality(stations) THEN
        SELECT count(*), array_agg(DISTINCT gateway_id) INTO held, of_gateways
        FROM (
            SELECT key, xmin, gateway_id FROM charge_points c WHERE key = ANY(charge_points)
            ORDER BY key FOR NO KEY UPDATE
        ) c
        JOIN unnest(charge_points, charge_point_xmins) AS n (key, known) ON n.key = c.key AND n.known = c.xmin;
        IF held = cardinality(charge_points)
            AND NOT EXISTS (SELECT FROM gateways g WHERE g.id = ANY(of_gateways) AND g.expires_at < now())
            AND NOT EXISTS (SELECT FROM reports WHERE charge_point_key = ANY(charge_points) AND forgotten)
        THEN
            RETURN;
        END IF;
    END IF;
    RAISE EXCEPTION 'a position, a row or a lease is not what this rollup remembers' USING ERRCODE = 'PW001';
END $$;

-- Rows as writers send them: times in ms, JSON as text. Programs of two versions run side by side: where a later one sends
-- other columns, it does so in a type of another name.
CREATE TYPE plugwatch_history AS (
    charge_point_key bigint, kind text, evse_id smallint, connector_id smallint, reported text, normalized text,
    error_code text, vendor_error_code text, vendor_id text, info text, event_time bigint, reported_at bigint,
    reported_at_text text, received_at bigint, epoch bigint, sequence bigint, flags text
);

CREATE TYPE plugwatch_charge_point AS (
    key bigint, log_partition int, protocol text, vendor text, model text, serial text, firmware text, hardware int,
    hardware_epoch bigint, hardware_since bigint, unreported_since bigint, identity_conflict boolean,
    connectivity text, connectivity_since bigint, last_seen_at bigint, closed_at bigint, previous_seen_at bigint,
    gateway_id text, epoch bigint, sequence bigint, silent boolean, operative boolean, status text,
    status_since bigint, health text, evse_counts text, connector_counts text, revision bigint, updated_at bigint,
    flapping boolean, stuck boolean, document text
);

CREATE TYPE plugwatch_report AS (
    charge_point_key bigint, evse_id smallint, connector_id smallint, reported text, error_code text,
    vendor_error_code text, vendor_id text, info text, since bigint, event_time bigint, reported_at bigint,
    received_at bigint, epoch bigint, sequence bigint, info_at bigint, status text, reason text, status_since bigint,
    evse_status text, evse_since bigint, forgotten boolean, word_since bigint, flapping boolean, stuck boolean
);

CREATE TYPE plugwatch_place AS (
    charge_point_key bigint, evse_id smallint, connector_id smallint
);

CREATE TYPE plugwatch_intent AS (
    charge_point_key bigint, evse_id smallint, connector_id smallint, version bigint, operative boolean, result text,
    answered_at bigint, confirmed_at bigint, out_note text, out_by text, out_since bigint
);

CREATE TYPE plugwatch_station AS (
    key bigint, status text, health text, partially_available boolean, counts text, revision bigint,
    updated_at bigint, traits smallint, status_since bigint, connectivity_counts text
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

-- What transactions touched and Redis may not have yet.
CREATE TABLE unpublished (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_keys bigint[] NOT NULL,
    charge_point_keys bigint[] NOT NULL,
    memberships jsonb NOT NULL DEFAULT '[]',  -- [station_id, charge_point_id, revision, whether it came or left]
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The last intent for a place: it waits (no result), was answered, and is over once the charger's own status agrees
-- (confirmed_at), or it said no.
CREATE TABLE intents (
    charge_point_key bigint NOT NULL REFERENCES charge_points,
    evse_id smallint NOT NULL,
    connector_id smallint NOT NULL,
    version bigint NOT NULL DEFAULT nextval('revisions'),
    operative boolean NOT NULL,
    note text,
    asked_at timestamptz NOT NULL DEFAULT now(),
    asked_by text,
    out_note text,  -- who had taken the place out of service when this was asked, and why; null: nobody
    out_by text,
    out_since timestamptz,
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

CREATE INDEX unknown_charge_points_first ON unknown_charge_points (first_seen_at DESC, folded_id DESC);

CREATE INDEX unknown_charge_points_last ON unknown_charge_points (last_seen_at);

-- Ids and times go up in the order of commits: see api.inventory.trail.
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    action text NOT NULL,
    station_id text,
    charge_point_id text,
    before jsonb,
    after jsonb,
    request_id text
);

CREATE INDEX audit_station ON audit (station_id, id DESC) WHERE station_id IS NOT NULL;

CREATE INDEX audit_charge_point ON audit (charge_point_id, id DESC) WHERE charge_point_id IS NOT NULL;

CREATE INDEX audit_actor ON audit (actor, id DESC);

CREATE INDEX audit_at ON audit (at);

-- Requests with an Idempotency-Key of the last day. Key and request are digests keyed by the token of who asked.
CREATE TABLE idempotency (
    key bytea PRIMARY KEY,
    request bytea NOT NULL,
    claim bytea NOT NULL,  -- whose it is until it has an answer
    begun_at timestamptz NOT NULL DEFAULT now(),
    status integer,
    headers bytea,
    body bytea
);

CREATE INDEX idempotency_begun ON idempotency (begun_at);

-- What makes lists flat: one index for all filters of few values, so a status that changes moves one row of it. Words,
-- names and places stand in tables of their own, so that no status ever touches their indexes; the triggers that keep
-- them fire on inventory writes alone.
CREATE INDEX stations_listed ON stations (status, health, traits, folded_id) WHERE deleted_at IS NULL;

CREATE INDEX charge_points_listed
ON charge_points ((station_key IS NULL), operative, connectivity, status, health, folded_id)
WHERE deleted_at IS NULL;

CREATE FUNCTION plugwatch_words(given text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_remove(regexp_split_to_array(lower(given), '[^[:alnum:]]+'), '');

CREATE TABLE station_search (
    station_key bigint PRIMARY KEY REFERENCES stations ON DELETE CASCADE,
    folded_id text NOT NULL,
    name text NOT NULL,
    latitude double precision,
    longitude double precision,
    words tsvector NOT NULL
);

CREATE TABLE charge_point_search (
    charge_point_key bigint PRIMARY KEY REFERENCES charge_points ON DELETE CASCADE,
    folded_id text NOT NULL,
    words tsvector NOT NULL,
    protocol text,
    vendor text,  -- folded, like the next two
    model text,
    firmware text,
    registration text NOT NULL
);

CREATE FUNCTION plugwatch_search_station() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.deleted_at IS NOT NULL THEN
        DELETE FROM station_search WHERE station_key = new.key;
    ELSE
        INSERT INTO station_search VALUES (
            new.key, new.folded_id, lower(new.name), new.latitude, new.longitude,
            array_to_tsvector(plugwatch_words(new.id || ' ' || new.name || ' ' || coalesce(new.address, '')))
        ) ON CONFLICT (station_key) DO UPDATE SET
            folded_id = excluded.folded_id, name = excluded.name, latitude = excluded.latitude,
            longitude = excluded.longitude, words = excluded.words;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION plugwatch_search_charge_point() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.deleted_at IS NOT NULL THEN
        DELETE FROM charge_point_search WHERE charge_point_key = new.key;
    ELSE
        INSERT INTO charge_point_search VALUES (
            new.key, new.folded_id, array_to_tsvector(plugwatch_words(new.id)), new.protocol,
            lower(new.vendor), lower(new.model), lower(new.firmware), new.registration
        ) ON CONFLICT (charge_point_key) DO UPDATE SET
            folded_id = excluded.folded_id, words = excluded.words, protocol = excluded.protocol,
            vendor = excluded.vendor, model = excluded.model, firmware = excluded.firmware,
            registration = excluded.registration;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER stations_search AFTER INSERT OR UPDATE OF id, name, address, latitude, longitude, deleted_at
ON stations FOR EACH ROW EXECUTE FUNCTION plugwatch_search_station();

CREATE TRIGGER charge_points_search AFTER INSERT
ON charge_points FOR EACH ROW EXECUTE FUNCTION plugwatch_search_charge_point();

-- A rollup writes these columns with every status: what stays the same must cost nothing.
CREATE TRIGGER charge_points_search_again AFTER UPDATE ON charge_points FOR EACH ROW
WHEN ((old.id, old.deleted_at, old.protocol, old.vendor, old.model, old.firmware, old.registration)
      IS DISTINCT FROM (new.id, new.deleted_at, new.protocol, new.vendor, new.model, new.firmware, new.registration))
EXECUTE FUNCTION plugwatch_search_charge_point();

CREATE INDEX station_search_id ON station_search (folded_id);

CREATE INDEX station_search_name ON station_search (name, folded_id);

CREATE INDEX station_search_place ON station_search (latitude, longitude) WHERE latitude IS NOT NULL;

CREATE INDEX station_search_words ON station_search USING gin (words) WITH (fastupdate = off);

CREATE INDEX charge_point_search_id ON charge_point_search (folded_id);

CREATE INDEX charge_point_search_words ON charge_point_search USING gin (words) WITH (fastupdate = off);

CREATE INDEX charge_point_search_protocol ON charge_point_search (protocol, folded_id);

CREATE INDEX charge_point_search_vendor ON charge_point_search (vendor, folded_id);

CREATE INDEX charge_point_search_model ON charge_point_search (model, folded_id);

CREATE INDEX charge_point_search_firmware ON charge_point_search (firmware, folded_id);

CREATE INDEX charge_point_search_registration ON charge_point_search (registration, folded_id);

-- Of every page alone: a BRIN leaves updates HOT, which a B-tree over a time that moves with each would not.
CREATE INDEX stations_updated ON stations USING brin (updated_at) WITH (pages_per_range = 1, autosummarize = on);

CREATE INDEX charge_points_updated ON charge_points
USING brin (updated_at) WITH (pages_per_range = 1, autosummarize = on);

CREATE INDEX reports_error_code ON reports (error_code, charge_point_key) WHERE error_code <> 'NoError';

-- Which statuses its connectors have, as bits in the order of shared.words.status.STATUSES.
CREATE FUNCTION plugwatch_statuses(counts jsonb) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN counts ? 'AVAILABLE' THEN 1 ELSE 0 END + CASE WHEN counts ? 'OCCUPIED' THEN 2 ELSE 0 END
    + CASE WHEN counts ? 'RESERVED' THEN 4 ELSE 0 END + CASE WHEN counts ? 'UNAVAILABLE' THEN 8 ELSE 0 END
    + CASE WHEN counts ? 'FAULTED' THEN 16 ELSE 0 END + CASE WHEN counts ? 'UNKNOWN' THEN 32 ELSE 0 END;

CREATE INDEX charge_points_by_connectors ON charge_points (plugwatch_statuses(connector_counts), folded_id)
WHERE deleted_at IS NULL;

-- Former lives, for their history; the indexes of living ones do not hold them.
CREATE INDEX stations_deleted ON stations (folded_id) WHERE deleted_at IS NOT NULL;

CREATE INDEX charge_points_deleted_of ON charge_points (station_key) WHERE deleted_at IS NOT NULL;

-- The newest lines of the whole network, of one kind and status or of several.
CREATE INDEX history_by_status ON history (kind, normalized, received_at DESC, id DESC);

-- A time span over all charge points.
CREATE INDEX history_received ON history USING brin (received_at) WITH (autosummarize = on);
