"""A database full of stations for ``loadtest.list_latency``, made by SQL, and what an update costs there."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

LINES = 5  #: of history a charge point, in the last two days

# One in 1,000 is RESERVED; one in 5 lies in Berlin; ids do not follow places; one charge point in 1,000 has no station.
# Statuses are what the rules make of it: UNKNOWN for who is OFFLINE, was NEVER here, or is not let in.
_STATIONS = """
    INSERT INTO stations (id, name, address, latitude, longitude, status, health, partially_available, traits, counts,
                          connectivity_counts, revision, status_since)
    SELECT 'st-' || substr(md5(n::text), 1, 10), 'Station ' || n, 'Street ' || n % 500 || E'\n' || 10000 + n % 900,
           CASE WHEN n % 5 = 0 THEN 52.35 + random() * 0.35 ELSE 47.5 + random() * 7.3 END,
           CASE WHEN n % 5 = 0 THEN 13.1 + random() * 0.6 ELSE 6 + random() * 8.9 END,
           s.status, CASE WHEN s.mixed THEN 'DEGRADED' WHEN s.status = 'UNKNOWN' THEN 'UNKNOWN'
           WHEN s.status IN ('FAULTED', 'UNAVAILABLE') THEN 'DOWN' ELSE 'OK' END, s.mixed AND s.status = 'AVAILABLE',
           CASE s.connectivity WHEN 'ONLINE' THEN 1 WHEN 'OFFLINE' THEN 2 ELSE 4 END
           + CASE WHEN n % 200 = 7 THEN 8 ELSE 0 END,
           CASE WHEN s.connectivity = 'NEVER' THEN '{}' WHEN s.mixed THEN jsonb_build_object(s.status, 3, 'FAULTED', 1)
           ELSE jsonb_build_object(s.status, s.members * 2) END, jsonb_build_object(s.connectivity, s.members), n,
           now() - random() ^ 3 * interval '20 days'
    FROM generate_series(1, $1::int) n, LATERAL (SELECT CASE
        WHEN n % 2000 = 1 THEN 'UNKNOWN' WHEN n % 200 = 7 THEN 'UNAVAILABLE' WHEN n % 1000 = 500 THEN 'RESERVED'
        WHEN n % 100 < 60 THEN 'AVAILABLE' WHEN n % 100 < 90 THEN 'OCCUPIED' WHEN n % 100 < 94 THEN 'UNKNOWN'
        WHEN n % 100 < 97 THEN 'FAULTED' ELSE 'UNAVAILABLE' END AS status,
        CASE WHEN n % 100 = 93 THEN 'NEVER' WHEN n % 100 BETWEEN 90 AND 92 THEN 'OFFLINE' ELSE 'ONLINE'
        END AS connectivity, n % 20 = 0 AND n % 100 < 90 AS mixed,
        CASE WHEN n % 1000 = 9 THEN 1 ELSE 2 END AS members) s
"""
_CHARGE_POINTS = """
    INSERT INTO charge_points (id, station_key, operative, connectivity, connectivity_since, status, health,
                               evse_counts, connector_counts, revision, document, created_at, updated_at, protocol,
                               vendor, model, firmware, registration)
    SELECT c.id, CASE WHEN s.key % 1000 = 9 AND k = 1 THEN NULL ELSE s.key END, s.traits & 8 = 0, c.connectivity,
           now() - interval '3 days', s.status, c.health, c.counts, c.counts, s.revision,
           replace(replace(replace(replace(replace(replace(replace(replace(
               $1, '"@evses"', CASE WHEN c.connectivity = 'NEVER' THEN '[]' ELSE $2 END), '"@counts"', c.counts::text),
               '@id', c.id), '@connectivity', c.connectivity), '@health', c.health), '@reason', c.reason),
               '@second', CASE WHEN c.health = 'DEGRADED' THEN 'FAULTED' ELSE s.status END), '@status', s.status),
           now() - interval '4 days', now() - interval '1 hour' - s.key * interval '1 second', 'ocpp1.6',
           CASE WHEN s.key % 5000 = 1 THEN 'Rarely' ELSE 'Acme' END, 'Two Plugs',
           CASE WHEN s.key % 3 = 0 THEN '2.0' ELSE '1.4.2' END,
           CASE WHEN s.key % 2000 = 1 THEN 'PENDING' ELSE 'ACCEPTED' END
    FROM stations s, generate_series(1, 2) k, LATERAL (SELECT
        'CP-' || substr(s.id, 4) || '-' || k AS id,
        CASE s.traits & 7 WHEN 1 THEN 'ONLINE' WHEN 2 THEN 'OFFLINE' ELSE 'NEVER' END AS connectivity,
        CASE WHEN s.traits & 7 <> 1 THEN 'OFFLINE' WHEN s.key % 2000 = 1 THEN 'REGISTRATION' ELSE 'OWN' END AS reason,
        CASE WHEN s.health <> 'DEGRADED' THEN s.health WHEN k = 2 THEN 'DEGRADED' ELSE 'OK' END AS health,
        CASE WHEN s.traits & 7 = 4 THEN '{}' WHEN s.health = 'DEGRADED' AND k = 2
        THEN jsonb_build_object(s.status, 1, 'FAULTED', 1) ELSE jsonb_build_object(s.status, 2) END AS counts) c
"""
# A few have changed since, here and there.
_RECENT = """
    UPDATE stations SET updated_at = now() WHERE key % 97 = 1;
    UPDATE charge_points SET updated_at = now() WHERE key % 97 = 1
"""
_REPORTS = """
    INSERT INTO reports (charge_point_key, evse_id, connector_id, reported, error_code, since, event_time, received_at,
                         epoch, sequence, status, reason, status_since)
    SELECT c.key, e, 1, CASE r.status WHEN 'UNKNOWN' THEN 'Available' ELSE initcap(r.status) END,
           CASE WHEN c.key % 1000 = 17 THEN 'GroundFailure' ELSE 'NoError' END,
           now() - interval '3 days', now(), now(), 1, 1, r.status,
           CASE WHEN c.connectivity = 'OFFLINE' THEN 'OFFLINE' WHEN c.registration = 'PENDING' THEN 'REGISTRATION'
           ELSE 'OWN' END, now() - interval '3 days'
    FROM charge_points c, generate_series(1, 2) e, LATERAL (SELECT
        CASE WHEN c.health = 'DEGRADED' AND e = 2 THEN 'FAULTED' ELSE c.status END AS status) r
    WHERE c.connectivity <> 'NEVER'
"""
_HISTORY = """
    INSERT INTO history (charge_point_key, kind, evse_id, connector_id, reported, normalized, error_code, event_time,
                         received_at, epoch, sequence)
    SELECT 1 + (n * 7919::bigint) % $1::int, 'STATUS', 1 + n % 2, 1, w.word, upper(w.word), 'NoError', w.at, w.at, 1, n
    FROM generate_series(1, $2::int) n,
         LATERAL (SELECT CASE n % 3 WHEN 0 THEN 'Available' WHEN 1 THEN 'Occupied' ELSE 'Faulted' END AS word,
                         now() - interval '2 days' * (1 - n::float8 / $2::int) AS at) w
"""


async def fill(url: str, stations: int) -> None:
    """So many stations, two charge points of two connectors each, and two days of history."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_STATIONS, stations)
        await connection.execute(_CHARGE_POINTS, *(json.dumps(part, separators=(",", ":")) for part in _document()))
        await connection.execute(_REPORTS)
        await connection.execute(_RECENT)
        await connection.execute(_HISTORY, 2 * stations, 2 * stations * LINES)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def places(first_page: bytes) -> dict[str, str]:
    """What the paths of the queries name, from a page of stations.

    Raises:
        SystemExit: there is no next page.
    """
    page = json.loads(first_page)
    if page["next_cursor"] is None:
        raise SystemExit("a page of 100 holds all stations: ask for more, as --stations 1000")
    station = page["items"][len(page["items"]) // 2]["id"]
    recently = (datetime.now(UTC) - timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
    return {
        "cursor": page["next_cursor"],
        "recently": recently,
        "station": station,
        "charge_point": f"CP-{station[3:]}-2",
    }


async def update_cost(url: str) -> str:
    """What a status that changes costs, and one that does not, with the indexes of the lists and without."""
    connection = await asyncpg.connect(url)
    lines = []
    try:
        for what in ("with", "without"):
            if what == "without":
                await connection.execute("DROP INDEX stations_listed; DROP INDEX charge_points_listed")
            for table in ("stations", "charge_points"):
                await connection.execute(f"VACUUM (FULL, ANALYZE) {table}")
                for kind in ("same", "other"):
                    rounds = [await _update(connection, table, kind) for _ in range(4)]
                    took_us, wal, hot = min(rounds[1:])
                    lines.append(
                        f"{table}, {what} the index of the lists, the {kind} status: "
                        f"{took_us:.1f} µs and {wal} bytes of WAL a row, {hot:.0%} HOT"
                    )
    finally:
        await connection.close()
    return "\n".join(lines)


async def _update(connection: Any, table: str, kind: str) -> tuple[float, int, float]:
    """µs and bytes of WAL a row, and how many of the updates were HOT."""
    filler = ", document = document || ''" if table == "charge_points" else ""
    other = "CASE t.status WHEN 'OCCUPIED' THEN 'AVAILABLE' ELSE 'OCCUPIED' END"
    statement = f"""
        UPDATE {table} t SET revision = t.revision + 1{filler}, status = {other if kind == "other" else "t.status"}
        FROM unnest($1::bigint[]) n(key) WHERE t.key = n.key
    """
    rows = int(await connection.fetchval(f"SELECT count(*) FROM {table}"))
    hot = f"SELECT pg_stat_get_tuples_hot_updated('{table}'::regclass)"
    hot_before = await connection.fetchval(hot)
    wal_before = await connection.fetchval("SELECT pg_current_wal_insert_lsn()")
    began, n = time.perf_counter(), 0
    for start in range(1, min(rows, 20_000), 500):  # keys that lie apart, as chargers do
        await connection.execute(statement, sorted(1 + (key * 7919) % rows for key in range(start, start + 500)))
        n += 500
    took = time.perf_counter() - began
    wal = await connection.fetchval("SELECT pg_current_wal_insert_lsn() - $1::pg_lsn", wal_before)
    await connection.execute("SELECT pg_stat_force_next_flush()")
    return took / n * 1e6, int(wal) // n, (await connection.fetchval(hot) - hot_before) / n


def _document() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A charge point's document, as to size and shape, and its EVSEs."""
    at = "2026-03-01T08:15:30.123Z"
    connector = {
        "id": 1, "reported": "Available", "normalized": "AVAILABLE", "status": "@status", "reason": "@reason",
        "error_code": "NoError", "vendor_error_code": None, "vendor_id": None, "info": None, "since": at,
        "reported_at": at, "received_at": at,
    }  # fmt: skip
    evses = [
        {"id": n, "status": status, "reported": None, "since": at, "connectors": [connector | {"status": status}]}
        for n, status in ((1, "@status"), (2, "@second"))
    ]
    return {
        "id": "@id", "station_id": "st", "protocol": "ocpp1.6", "vendor": "Acme", "model": "Two Plugs",
        "firmware": "1.4.2", "hardware": 1, "revision": 1, "connectivity": "@connectivity", "last_seen_at": at,
        "registration": "ACCEPTED", "operative": True, "intent": None,
        "identity_conflict": False, "status": "@status", "health": "@health",
        "partially_available": False, "counts": "@counts", "connector0": None, "evses": "@evses",
    }, evses  # fmt: skip
