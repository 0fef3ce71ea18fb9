"""What a batch says to Postgres, whatever its size: take, read, write, each one round trip, or all of it in one.

``TAKE`` moves the positions and takes the locks. ``read`` reads under them, in a later statement: one that waited for
a lock goes on with what it saw before. ``WRITE`` writes what nearly every batch writes, the rest has statements of
its own. ``REWRITE`` is all of it at once, for a batch whose rows are remembered. Columns are declared here, once.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from shared.stores import fleet, served
from shared.stores.columns import Columns, Selection
from shared.stores.postgres import Connection

_PLACE = ["charge_point_key bigint", "evse_id smallint", "connector_id smallint"]
_WORDS = ["reported text", "error_code text", "vendor_error_code text", "vendor_id text", "info text"]
_TIMES = ["event_time timestamptz", "reported_at timestamptz", "received_at timestamptz"]
_VERSION = ["epoch bigint", "sequence bigint"]

#: What a charge point's events leave in its row; ``rows`` reads them into the fields of the same names.
_STATE = [
    "log_partition int", "protocol text", "vendor text", "model text", "serial text", "firmware text",
    "hardware int", "hardware_epoch bigint", "hardware_since timestamptz", "unreported_since timestamptz",
    "identity_conflict boolean", "connectivity text", "connectivity_since timestamptz", "last_seen_at timestamptz",
    "closed_at timestamptz", "previous_seen_at timestamptz", "gateway_id text", *_VERSION, "silent boolean",
]  # fmt: skip
_INVENTORY = ["id text", "station_key bigint", "registration text"]
_SERVED = [
    "operative boolean", "status text", "status_since timestamptz", "health text", "evse_counts jsonb",
    "connector_counts jsonb", "revision bigint", "updated_at timestamptz", "flapping boolean", "stuck boolean",
    "document text",
]  # fmt: skip

KNOWN = Columns(key=["key bigint"], rest=[*_INVENTORY, *_STATE, "status text", "status_since timestamptz"])
CHARGE_POINT = Columns("plugwatch_charge_point", key=["key bigint"], rest=[*_STATE, *_SERVED])
PLACE = Columns("plugwatch_place", key=_PLACE, rest=[])
REPORT = Columns(
    "plugwatch_report",
    key=_PLACE,
    rest=[
        *_WORDS, "since timestamptz", *_TIMES, *_VERSION, "info_at timestamptz",
        "status text", "reason text", "status_since timestamptz", "evse_status text", "evse_since timestamptz",
        "forgotten boolean", "word_since timestamptz", "flapping boolean", "stuck boolean",
    ],
)  # fmt: skip
INTENT = Columns(
    "plugwatch_intent",
    key=[*_PLACE, "version bigint"],
    rest=[
        "operative boolean", "result text", "answered_at timestamptz", "confirmed_at timestamptz",
        "out_note text", "out_by text", "out_since timestamptz",
    ],
)  # fmt: skip
HISTORY = Columns(
    "plugwatch_history",
    key=[],
    rest=[
        "charge_point_key bigint", "kind text", "evse_id smallint", "connector_id smallint", "reported text",
        "normalized text", *_WORDS[1:], *_TIMES[:2], "reported_at_text text", _TIMES[2], *_VERSION, "flags text[]",
    ],
)  # fmt: skip

#: ``$1`` to ``$5``: the topic, and the moves of its positions; ``$6``: keys of charge points. It is in ``schema.sql``.
TAKE = "SELECT * FROM plugwatch_take($1, $2, $3, $4, $5, $6)"

_CHARGE_POINTS = Selection(
    f"""
    SELECT {KNOWN.of("c")}, s.id, c.version, c.revision, c.xmin, c.password_hash IS NOT NULL,
           g.renewed_at, g.expires_at, now() - g.expires_at
    FROM charge_points c LEFT JOIN stations s ON s.key = c.station_key
    LEFT JOIN gateways g ON g.id = c.gateway_id AND g.expires_at < now()
    WHERE c.key = ANY($1::bigint[]) AND c.deleted_at IS NULL ORDER BY c.key
    """,
    [
        *KNOWN.names,
        "station_id",
        "version",
        "revision",
        "xmin",
        "has_password",
        "renewed_at",
        "expires_at",
        "expired_for",
    ],
)
#: In this order, for an EVSE's status stands with the first of its connectors.
_REPORTS = Selection(
    f"""
    SELECT {REPORT.of("r")} FROM reports r WHERE charge_point_key = ANY($1::bigint[])
    ORDER BY charge_point_key, evse_id, connector_id
    """,
    REPORT.names,
)
_INTENT = [*INTENT.names, "note", "asked_at", "asked_by"]
_INTENTS = Selection(
    f"SELECT {', '.join(_INTENT)} FROM intents WHERE charge_point_key = ANY($1::bigint[])",
    _INTENT,
)
_STATIONS = Selection(
    f"SELECT {', '.join(served.STATION)}, xmin FROM stations WHERE key = ANY($1::bigint[]) ORDER BY key",
    [*served.STATION, "xmin"],
)
_MEMBERS = Selection(served.MEMBERS, served.MEMBER)
#: Each with the parameter of ``_READ`` that its keys are.
_SELECTIONS = (
    (_CHARGE_POINTS, "$2"), (_REPORTS, "$2"), (_INTENTS, "$2"), (_STATIONS, "$1"), (_MEMBERS, "$1"),
)  # fmt: skip
_READ = f"""
    SELECT {", ".join(one.value(parameter) for one, parameter in _SELECTIONS)},
           ARRAY(SELECT nextval('revisions') FROM generate_series(1, $3::int))
"""
AT_ONCE = 200  #: charge points; records cost Postgres and us more than rows, a round trip as much as those of so many


class Found(NamedTuple):
    """What was read: rows, and fresh revisions for all of them, ascending."""

    revisions: list[int]
    charge_points: list[dict[str, Any]]
    reports: list[dict[str, Any]]
    intents: list[dict[str, Any]]
    stations: list[dict[str, Any]]
    members: list[dict[str, Any]]


async def read(connection: Connection, stations: Sequence[int], charge_points: Sequence[int]) -> Found:
    """What Postgres has of them; of few in one round trip."""
    n = len(stations) + len(charge_points)
    if len(charge_points) <= AT_ONCE:
        row = await connection.fetchrow(_READ, stations, charge_points, n)
        assert row is not None
        *selected, revisions = row
    else:
        keys = {"$1": stations, "$2": charge_points}
        selected = [await connection.fetch(one.select, keys[parameter]) for one, parameter in _SELECTIONS]
        revisions = await fleet.take_revisions(connection, n)
    found = [one.rows(records) for (one, _), records in zip(_SELECTIONS, selected, strict=True)]
    return Found(revisions, *found)


#: What stands before the rest of ``REWRITE``: the topic and the moves, stations and charge points with their xmin, and
#: how many revisions the next batch may need.
_HELD = "SELECT plugwatch_hold($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_AFTER_HELD = 11


def _writing(held: str, first: int) -> str:
    """Writes all once ``held`` has given its row; its parameters begin with ``first``."""
    return f"""
        WITH held AS MATERIALIZED ({held}),
             lines AS ({HISTORY.insert("history", first, after="held")} ON CONFLICT DO NOTHING),
             charge_points AS ({CHARGE_POINT.update("charge_points", first + 1, after="held")}),
             reports AS ({REPORT.upsert("reports", first + 2, after="held")}),
             stations AS ({fleet.STATION.update("stations", first + 3, after="held")})
        INSERT INTO unpublished (station_keys, charge_point_keys, created_at)
        SELECT ${first + 4}::bigint[], ${first + 5}::bigint[], clock_timestamp() FROM held
        RETURNING id AS note, pg_current_xact_id()::xid AS xmin
    """


#: Its parameters: lines of history, rows of charge points, reports and stations, then the keys in its note.
WRITE = _writing("SELECT", 1)
#: The same after those of ``_HELD``; or ``NOT_SO``, and nothing.
REWRITE = (
    _writing(_HELD, _AFTER_HELD) + ", ARRAY(SELECT nextval('revisions') FROM generate_series(1, $10)) AS revisions"
)
NOT_SO = "PW001"  #: SQLSTATE: Postgres has something else than what is remembered

UPDATE_INTENTS = INTENT.update("intents")
DELETE_REPORTS = f"DELETE FROM reports t USING {PLACE.unnested()} WHERE {PLACE.matched}"
DELETE_INTENTS = f"DELETE FROM intents t USING {PLACE.unnested()} WHERE {PLACE.matched}"
#: A late line is one only if it differs from what was known of its place just before it: written after the others.
INSERT_LATE = f"""
    {HISTORY.insert("history")}
    LEFT JOIN LATERAL (
        SELECT h.reported, h.error_code, h.vendor_error_code, h.vendor_id FROM history h
        WHERE h.charge_point_key = n.charge_point_key AND h.kind = n.kind
          AND h.evse_id = n.evse_id AND h.connector_id = n.connector_id
          AND (h.epoch, h.sequence) <= (n.epoch, n.sequence)
        ORDER BY h.epoch DESC, h.sequence DESC LIMIT 1
    ) AS before ON true
    WHERE (before.reported, before.error_code, before.vendor_error_code, before.vendor_id)
          IS DISTINCT FROM (n.reported, n.error_code, n.vendor_error_code, n.vendor_id)
    ON CONFLICT DO NOTHING
"""
