"""The road that every writer of stations takes, inside its own Postgres transaction.

Lock stations, then charge points, by ascending key; take revisions under the locks; write; have
the station documents made; note what is to be published. After the commit, publish and forget.
A note that is still there later belongs to a writer that died: whoever finds it publishes it.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

from shared.words import documents, instant
from shared.words.documents import Contribution, StationDocument
from shared.words.status import Connectivity, summed

from .changes import Facts, Kind
from .hot import Change
from .postgres import Connection

_STATIONS = """
    SELECT key, id, name, address, latitude, longitude, time_zone, version, status, health,
           partially_available, counts, revision, updated_at, deleted_at
    FROM stations WHERE key = ANY($1::bigint[]) ORDER BY key
"""
_MEMBERS = """
    SELECT station_key, status, connectivity, operative, evse_counts, document
    FROM charge_points WHERE station_key = ANY($1::bigint[]) AND deleted_at IS NULL ORDER BY station_key, folded_id
"""
_CHARGE_POINTS = """
    SELECT c.key, c.id, s.id AS station_id, c.version, c.revision, c.document, c.deleted_at
    FROM charge_points c LEFT JOIN stations s ON s.key = c.station_key
    WHERE c.key = ANY($1::bigint[]) ORDER BY c.key
"""
_SIZES = {
    "station": """
        SELECT s.key, coalesce(sum(octet_length(c.document)), 0)::bigint AS bytes
        FROM stations s LEFT JOIN charge_points c ON c.station_key = s.key AND c.deleted_at IS NULL
        WHERE s.key = ANY($1::bigint[]) GROUP BY s.key ORDER BY s.key
    """,
    "charge_point": """
        SELECT key, octet_length(document) AS bytes FROM charge_points WHERE key = ANY($1::bigint[]) ORDER BY key
    """,
}
_ROLL_UP = """
    UPDATE stations s SET status = n.status, health = n.health, partially_available = n.partially_available,
           counts = n.counts::jsonb, revision = n.revision, updated_at = n.updated_at, traits = n.traits
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::bigint[], $7::timestamptz[],
                $8::smallint[])
         AS n(key, status, health, partially_available, counts, revision, updated_at, traits)
    WHERE s.key = n.key
"""

#: Bits of ``stations.traits``: what some charge point of the station is. Lists filter by them.
TRAITS: Mapping[Connectivity, int] = {"ONLINE": 1, "OFFLINE": 2, "NEVER": 4}
INOPERATIVE = 8

Unreadable = Callable[[Kind, int, Exception], None]  #: told of the key of a row that cannot be read, and why

PAGE = 500  #: documents in a page at most
PAGE_BYTES = 4_000_000  #: and so many bytes of them, unless a single one is larger

REGISTRY_CHANNEL = "plugwatch_registry"  #: NOTIFY: keys of changed charge points by comma, or "*"
_NOTIFY_LIMIT = 7_900  #: Postgres takes payloads below 8,000 bytes


async def announce(connection: Connection, charge_point_keys: Collection[int]) -> None:
    """Tells every gateway, at the commit, that these inventory rows are new, changed or deleted."""
    if charge_point_keys:
        payload = ",".join(map(str, charge_point_keys))
        await connection.execute(
            "SELECT pg_notify($1, $2)", REGISTRY_CHANNEL, payload if len(payload) <= _NOTIFY_LIMIT else "*"
        )


async def lock_stations(connection: Connection, keys: Collection[int]) -> None:
    """Waits for and takes the row locks of the stations, ascending, as every writer does."""
    if keys:
        await connection.execute(
            "SELECT FROM stations WHERE key = ANY($1::bigint[]) ORDER BY key FOR NO KEY UPDATE", sorted(keys)
        )


async def take_revisions(connection: Connection, n: int) -> list[int]:
    """``n`` fresh revisions, ascending. Take them under the locks, so that their order is the commits'."""
    rows = await connection.fetch("SELECT nextval('revisions') AS revision FROM generate_series(1, $1)", n)
    return [row["revision"] for row in rows]


async def roll_up(connection: Connection, station_keys: Collection[int], now: int) -> list[Change]:
    """Folds the charge points of each (locked) station into its status and makes its document.

    ``now`` (ms) becomes ``updated_at``.
    """
    if not station_keys:
        return []
    stations = await connection.fetch(_STATIONS, sorted(station_keys))
    members = _by_station(await connection.fetch(_MEMBERS, sorted(station_keys)))
    revisions = await take_revisions(connection, len(stations))
    updated_at = instant.to_datetime(now)
    rows: list[tuple[Any, ...]] = []
    changes: list[Change] = []
    for station, revision in zip(stations, revisions, strict=True):
        of_it = members.get(station["key"], [])
        rolled = documents.roll_up(Contribution(one["status"], one["evse_counts"]) for one in of_it)
        counts = documents.encode(rolled.counts).decode()
        rows.append(
            (
                station["key"], rolled.status, rolled.health, rolled.partially_available, counts, revision,
                updated_at, _traits(of_it),
            )
        )  # fmt: skip
        fresh = dict(station) | {
            "status": rolled.status,
            "health": rolled.health,
            "partially_available": rolled.partially_available,
            "counts": rolled.counts,
            "revision": revision,
            "updated_at": updated_at,
        }
        changes.append(station_change(fresh, [one["document"] for one in of_it], _offline(of_it)))
    await connection.execute(_ROLL_UP, *zip(*rows, strict=True))
    return changes


async def note(connection: Connection, station_keys: Collection[int], charge_point_keys: Collection[int]) -> int:
    """Writes down, in the transaction, what is to be published after it; returns the note's id."""
    return int(
        await connection.fetchval(
            "INSERT INTO unpublished (station_keys, charge_point_keys, created_at) VALUES ($1, $2, clock_timestamp())"
            " RETURNING id",
            list(station_keys),
            list(charge_point_keys),
        )
    )


async def forget(connection: Connection, notes: Sequence[int]) -> None:
    """The notes have been published."""
    if notes:
        await connection.execute("DELETE FROM unpublished WHERE id = ANY($1::bigint[])", list(notes))


async def changes_of(
    connection: Connection, station_keys: Collection[int], charge_point_keys: Collection[int]
) -> list[Change]:
    """The documents as they stand in Postgres now, deleted ones as tombstones."""
    charge_points = await connection.fetch(_CHARGE_POINTS, sorted(charge_point_keys))
    stations = await connection.fetch(_STATIONS, sorted(station_keys))
    members = _by_station(await connection.fetch(_MEMBERS, sorted(station_keys)))
    return [charge_point_change(row) for row in charge_points] + [
        station_change(row, [one["document"] for one in of_it], _offline(of_it))
        for row in stations
        for of_it in [members.get(row["key"], [])]
    ]


async def pages_of(
    connection: Connection,
    station_keys: Collection[int],
    charge_point_keys: Collection[int],
    *,
    unreadable: Unreadable,
) -> AsyncIterator[list[Change]]:
    """The same in pages of bounded size, however many keys, and however large the documents of some.

    A row of another shape is told to ``unreadable`` and left out.
    """
    of_kinds: Sequence[tuple[Kind, list[int]]] = (
        ("charge_point", sorted(charge_point_keys)),
        ("station", sorted(station_keys)),
    )
    for kind, keys in of_kinds:
        for start in range(0, len(keys), PAGE):
            page: list[int] = []
            size = 0
            for row in await connection.fetch(_SIZES[kind], keys[start : start + PAGE]):
                if page and size + row["bytes"] > PAGE_BYTES:
                    yield await _page_of(connection, kind, page, unreadable)
                    page, size = [], 0
                page.append(row["key"])
                size += row["bytes"]
            if page:
                yield await _page_of(connection, kind, page, unreadable)


async def _page_of(connection: Connection, kind: Kind, keys: Sequence[int], unreadable: Unreadable) -> list[Change]:
    try:
        return await (changes_of(connection, keys, ()) if kind == "station" else changes_of(connection, (), keys))
    except (TypeError, ValueError, AttributeError, LookupError, OverflowError) as error:  # of the values in a row
        if len(keys) == 1:
            unreadable(kind, keys[0], error)
            return []
    return [change for key in keys for change in await _page_of(connection, kind, [key], unreadable)]


def charge_point_change(row: Any) -> Change:
    """A charge point's row (``_CHARGE_POINTS``) as a change."""
    return Change(
        kind="charge_point",
        station_id=row["station_id"],
        charge_point_id=row["id"],
        revision=row["revision"],
        etag=f'"{row["version"]}.{row["revision"]}"',
        document=None if row["deleted_at"] else row["document"].encode(),
    )


def station_change(row: Any, charge_point_documents: Sequence[str], offline: int = 0) -> Change:
    """A station's row (``_STATIONS``), the documents of its charge points, and how many are OFFLINE, as a change."""
    document = StationDocument(
        id=row["id"],
        name=row["name"],
        address=row["address"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        time_zone=row["time_zone"],
        status=row["status"],
        health=row["health"],
        partially_available=row["partially_available"],
        counts=summed([row["counts"]]),  # jsonb has an order of its own; the bytes must be those in Redis
        revision=row["revision"],
        updated_at=instant.to_text(instant.from_datetime(row["updated_at"])),
        charge_points=documents.raw(charge_point_documents),
    )
    return Change(
        kind="station",
        station_id=row["id"],
        charge_point_id=None,
        revision=row["revision"],
        etag=f'"{row["version"]}.{row["revision"]}"',
        document=None if row["deleted_at"] else documents.encode(document),
        facts=Facts(row["status"], row["health"], offline),
    )


def _offline(charge_points: Sequence[Any]) -> int:
    return sum(one["connectivity"] == "OFFLINE" for one in charge_points)


def _traits(charge_points: Sequence[Any]) -> int:
    traits = 0
    for one in charge_points:
        traits |= TRAITS[one["connectivity"]] | (0 if one["operative"] else INOPERATIVE)
    return traits


def _by_station(rows: Sequence[Any]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row["station_key"], []).append(row)
    return grouped
