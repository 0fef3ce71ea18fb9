"""Documents as they stand in Postgres, made into the changes that are published: whole, or page by page."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, get_args

from shared.words import documents, instant
from shared.words.documents import StationDocument
from shared.words.status import STATUSES, Connectivity, summed

from .changes import Facts, Kind
from .hot import Change
from .postgres import Connection

STATION = (
    "key", "id", "name", "address", "latitude", "longitude", "time_zone", "version", "status", "health",
    "partially_available", "counts", "connectivity_counts", "status_since", "revision", "updated_at", "deleted_at",
)  # fmt: skip
STATIONS = f"SELECT {', '.join(STATION)} FROM stations WHERE key = ANY($1::bigint[]) ORDER BY key"  # noqa: S608
MEMBER = ("station_key", "key", "status", "status_since", "connectivity", "operative", "evse_counts", "document")
MEMBERS = f"""
    SELECT {", ".join(MEMBER)} FROM charge_points
    WHERE station_key = ANY($1::bigint[]) AND deleted_at IS NULL ORDER BY station_key, folded_id
"""  # noqa: S608
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

_CONNECTIVITIES: tuple[Connectivity, ...] = get_args(Connectivity)

Unreadable = Callable[[Kind, int, Exception], None]  #: told of the key of a row that cannot be read, and why

PAGE = 500  #: documents in a page at most
PAGE_BYTES = 4_000_000  #: and so many bytes of them, unless a single one is larger


async def changes_of(
    connection: Connection, station_keys: Collection[int], charge_point_keys: Collection[int]
) -> list[Change]:
    """The documents as they stand in Postgres now, deleted ones as tombstones."""
    charge_points = await connection.fetch(_CHARGE_POINTS, sorted(charge_point_keys))
    stations = await connection.fetch(STATIONS, sorted(station_keys))
    members = by_station(await connection.fetch(MEMBERS, sorted(station_keys)))
    return [charge_point_change(row) for row in charge_points] + [
        station_change(row, [one["document"] for one in of_it], facts(row, of_it))
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


def station_change(row: Any, charge_point_documents: Sequence[str], brief: Facts | None = None) -> Change:
    """A station's row (``STATIONS``), the documents of its charge points, and it in brief, as a change."""
    document = StationDocument(
        id=row["id"],
        name=row["name"],
        address=row["address"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        time_zone=row["time_zone"],
        status=row["status"],
        since=instant.to_text(instant.from_datetime(row["status_since"])),
        health=row["health"],
        partially_available=row["partially_available"],
        counts=summed([row["counts"]]),  # jsonb has an order of its own; the bytes must be those in Redis
        connectivity_counts=in_order(row["connectivity_counts"]),
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
        facts=brief,
    )


def connectivity_counts(charge_points: Sequence[Any]) -> dict[Connectivity, int]:
    """Rows of charge points (``MEMBERS``) by connectivity, without zeros."""
    every = [one["connectivity"] for one in charge_points]
    return {one: n for one in _CONNECTIVITIES if (n := every.count(one))}


def in_order(counts: Mapping[Any, int]) -> dict[Connectivity, int]:
    """The counts in the order in which they are served, without zeros."""
    return {one: n for one in _CONNECTIVITIES if (n := counts.get(one, 0))}


def facts(row: Any, charge_points: Sequence[Any]) -> Facts:
    """A station's row and those of its charge points (``MEMBERS``) in brief."""
    offline = connectivity_counts(charge_points).get("OFFLINE", 0)
    since_s = instant.from_datetime(row["status_since"]) // 1000
    return Facts(
        row["status"], row["health"], offline, since_s, tuple(row["counts"].get(status, 0) for status in STATUSES)
    )


def by_station(rows: Iterable[Any]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row["station_key"], []).append(row)
    return grouped
