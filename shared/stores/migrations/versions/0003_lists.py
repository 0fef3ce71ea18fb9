"""What makes lists flat: one index for all filters of few values, and what is searched in tables of its own.

A status that changes moves one row of ``stations_listed`` or ``charge_points_listed``. Words, names
and places stand apart, so that no status ever touches their indexes; the triggers that keep them
fire on inventory writes alone. ``history_received`` finds a time span over all charge points.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    # Bits of shared.stores.fleet: what some charge point of the station is.
    "ALTER TABLE stations ADD COLUMN traits smallint NOT NULL DEFAULT 0",
    """
    UPDATE stations s SET traits = n.traits
    FROM (SELECT station_key, bit_or(CASE connectivity WHEN 'ONLINE' THEN 1 WHEN 'OFFLINE' THEN 2 ELSE 4 END
                                     | CASE WHEN operative THEN 0 ELSE 8 END) AS traits
          FROM charge_points WHERE deleted_at IS NULL AND station_key IS NOT NULL GROUP BY station_key) n
    WHERE s.key = n.station_key
    """,
    "CREATE INDEX stations_listed ON stations (status, health, traits, id) WHERE deleted_at IS NULL",
    """
    CREATE INDEX charge_points_listed
    ON charge_points ((station_key IS NULL), operative, connectivity, status, health, folded_id)
    WHERE deleted_at IS NULL
    """,
    """
    CREATE FUNCTION plugwatch_words(given text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_remove(regexp_split_to_array(lower(given), '[^[:alnum:]]+'), '')
    """,
    """
    CREATE TABLE station_search (
        station_key bigint PRIMARY KEY REFERENCES stations ON DELETE CASCADE,
        id text NOT NULL,
        name text NOT NULL,
        latitude double precision,
        longitude double precision,
        words tsvector NOT NULL
    )
    """,
    """
    CREATE TABLE charge_point_search (
        charge_point_key bigint PRIMARY KEY REFERENCES charge_points ON DELETE CASCADE,
        folded_id text NOT NULL,
        words tsvector NOT NULL
    )
    """,
    """
    CREATE FUNCTION plugwatch_search_station() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF new.deleted_at IS NOT NULL THEN
            DELETE FROM station_search WHERE station_key = new.key;
        ELSE
            INSERT INTO station_search VALUES (
                new.key, new.id, lower(new.name), new.latitude, new.longitude,
                array_to_tsvector(plugwatch_words(new.id || ' ' || new.name || ' ' || coalesce(new.address, '')))
            ) ON CONFLICT (station_key) DO UPDATE SET
                id = excluded.id, name = excluded.name, latitude = excluded.latitude,
                longitude = excluded.longitude, words = excluded.words;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION plugwatch_search_charge_point() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF new.deleted_at IS NOT NULL THEN
            DELETE FROM charge_point_search WHERE charge_point_key = new.key;
        ELSE
            INSERT INTO charge_point_search
            VALUES (new.key, new.folded_id, array_to_tsvector(plugwatch_words(new.id)))
            ON CONFLICT (charge_point_key) DO UPDATE SET folded_id = excluded.folded_id, words = excluded.words;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER stations_search AFTER INSERT OR UPDATE OF id, name, address, latitude, longitude, deleted_at
    ON stations FOR EACH ROW EXECUTE FUNCTION plugwatch_search_station()
    """,
    """
    CREATE TRIGGER charge_points_search AFTER INSERT OR UPDATE OF id, deleted_at
    ON charge_points FOR EACH ROW EXECUTE FUNCTION plugwatch_search_charge_point()
    """,
    """
    INSERT INTO station_search
    SELECT key, id, lower(name), latitude, longitude,
           array_to_tsvector(plugwatch_words(id || ' ' || name || ' ' || coalesce(address, '')))
    FROM stations WHERE deleted_at IS NULL
    """,
    """
    INSERT INTO charge_point_search
    SELECT key, folded_id, array_to_tsvector(plugwatch_words(id)) FROM charge_points WHERE deleted_at IS NULL
    """,
    "CREATE INDEX station_search_id ON station_search (id)",
    "CREATE INDEX station_search_name ON station_search (name, id)",
    "CREATE INDEX station_search_place ON station_search (latitude, longitude) WHERE latitude IS NOT NULL",
    "CREATE INDEX station_search_words ON station_search USING gin (words) WITH (fastupdate = off)",
    "CREATE INDEX charge_point_search_id ON charge_point_search (folded_id)",
    "CREATE INDEX charge_point_search_words ON charge_point_search USING gin (words) WITH (fastupdate = off)",
    # Former lives, for their history; the indexes of living ones do not hold them.
    "CREATE INDEX stations_deleted ON stations (id) WHERE deleted_at IS NOT NULL",
    "CREATE INDEX charge_points_deleted_of ON charge_points (station_key) WHERE deleted_at IS NOT NULL",
    "CREATE INDEX history_received ON history USING brin (received_at) WITH (autosummarize = on)",
)


def upgrade() -> None:
    """Creates all of it, and fills it from what is there."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Back to lists that scan."""
    op.execute("DROP INDEX history_received")
    op.execute("DROP TRIGGER stations_search ON stations")
    op.execute("DROP TRIGGER charge_points_search ON charge_points")
    for function in ("plugwatch_search_station()", "plugwatch_search_charge_point()", "plugwatch_words(text)"):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP TABLE station_search, charge_point_search")
    op.execute("DROP INDEX charge_points_listed, charge_points_deleted_of, stations_deleted")
    op.execute("ALTER TABLE stations DROP COLUMN traits")
