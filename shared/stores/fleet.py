"""The road that every writer of stations takes, inside its own Postgres transaction.

Lock stations, then charge points, by ascending key; take revisions under the locks; write; have
the station documents made; note what is to be published. After the commit, publish and forget.
A note that is still there later belongs to a writer that died: whoever finds it publishes it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from shared.words import documents, instant
from shared.words import turns as turns_of
from shared.words.documents import Contribution
from shared.words.status import Connectivity, Status
from shared.words.turns import Standing, Turn

from . import memberships, served
from .columns import Columns
from .hot import Change
from .memberships import Membership
from .postgres import Connection

#: What the charge points of a station come to, as it is written.
STATION = Columns(
    "plugwatch_station",
    key=["key bigint"],
    rest=[
        "status text", "health text", "partially_available boolean", "counts jsonb", "revision bigint",
        "updated_at timestamptz", "traits smallint", "status_since timestamptz", "connectivity_counts jsonb",
    ],
)  # fmt: skip
_ROLL_UP = STATION.update("stations")

_STATIONS_OF = """
    SELECT DISTINCT station_key FROM charge_points
    WHERE key = ANY($1::bigint[]) AND station_key IS NOT NULL AND deleted_at IS NULL
"""

#: Bits of ``stations.traits``: what some charge point of the station is. Lists filter by them.
TRAITS: Mapping[Connectivity, int] = {"ONLINE": 1, "OFFLINE": 2, "NEVER": 4}
INOPERATIVE = 8

REGISTRY_CHANNEL = "plugwatch_registry"  #: NOTIFY: keys of changed charge points by comma, or "*"
_NOTIFY_LIMIT = 7_900  #: Postgres takes payloads below 8,000 bytes


class Moved(Exception):
    """Between the look and the locks a charge point went to another station."""


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


async def lock_charge_points(
    connection: Connection, keys: Collection[int], select: str, *, stations: Collection[int] = ()
) -> list[Any]:
    """Locks the stations of these charge points (and ``stations``), then the charge points; returns their rows.

    ``select`` takes the keys as ``$1``, gives ``station_key`` among others, and locks in the order of the keys.

    Raises:
        Moved: one went to another station meanwhile. Give the locks back, and do all of it again.
    """
    wanted = sorted(keys)
    locked = {row["station_key"] for row in await connection.fetch(_STATIONS_OF, wanted)} | set(stations)
    await lock_stations(connection, locked)
    found = await connection.fetch(select, wanted)
    if not {row["station_key"] for row in found} <= locked | {None}:
        raise Moved
    return found


async def take_revisions(connection: Connection, n: int) -> list[int]:
    """``n`` fresh revisions, ascending. Take them under the locks, so that their order is the commits'."""
    rows = await connection.fetch("SELECT nextval('revisions') AS revision FROM generate_series(1, $1)", n)
    return [row["revision"] for row in rows]


async def roll_up(
    connection: Connection, station_keys: Collection[int], now: int, turns: Iterable[Turn] = ()
) -> list[Change]:
    """Folds the charge points of each (locked) station into its status and makes its document.

    ``turns`` of them tell since when it has that status, or else ``now`` (ms), which becomes ``updated_at``.
    """
    if not station_keys:
        return []
    stations = await connection.fetch(served.STATIONS, sorted(station_keys))
    members = await connection.fetch(served.MEMBERS, sorted(station_keys))
    rolled = rolled_up(stations, members, await take_revisions(connection, len(stations)), now, turns)
    await connection.execute(_ROLL_UP, rolled.rows)
    return rolled.changes


class RolledUp(NamedTuple):
    """Of stations what is to be written (``STATION``), what is to be published, and their rows (``served.STATION``)."""

    rows: list[tuple[Any, ...]]
    changes: list[Change]
    stations: list[dict[str, Any]]


def rolled_up(
    stations: Sequence[Any], charge_points: Iterable[Any], revisions: Sequence[int], now: int, turns: Iterable[Turn]
) -> RolledUp:
    """Folds all ``charge_points`` of them (rows of ``served.MEMBERS``) into stations (rows of ``served.STATIONS``)."""
    members = served.by_station(charge_points)
    updated_at = instant.to_datetime(now)
    turned: dict[int, list[Turn]] = {}
    for turn in turns:
        turned.setdefault(turn.charge_point_key, []).append(turn)
    made = RolledUp([], [], [])
    for station, revision in zip(stations, revisions, strict=True):
        of_it = members.get(station["key"], [])
        rolled = documents.roll_up(Contribution(one["status"], one["evse_counts"]) for one in of_it)
        counts = documents.encode(rolled.counts).decode()
        connectivity = served.connectivity_counts(of_it)
        since = instant.from_datetime(_since(station, of_it, turned, rolled.status) or updated_at)
        made.rows.append(
            (
                station["key"], rolled.status, rolled.health, rolled.partially_available, counts, revision,
                now, _traits(of_it), since, documents.encode(connectivity).decode(),
            )
        )  # fmt: skip
        fresh = dict(station) | {
            "status": rolled.status,
            "health": rolled.health,
            "partially_available": rolled.partially_available,
            "counts": rolled.counts,
            "connectivity_counts": connectivity,
            "status_since": instant.to_datetime(since),
            "revision": revision,
            "updated_at": updated_at,
        }
        made.stations.append(fresh)
        made.changes.append(
            served.station_change(fresh, [one["document"] for one in of_it], served.facts(fresh, of_it))
        )
    return made


async def note(
    connection: Connection,
    station_keys: Collection[int],
    charge_point_keys: Collection[int],
    came_or_left: Collection[Membership] = (),
) -> int:
    """Writes down, in the transaction, what is to be published after it; returns the note's id."""
    return int(
        await connection.fetchval(
            "INSERT INTO unpublished (station_keys, charge_point_keys, memberships, created_at)"
            " VALUES ($1, $2, $3::text::jsonb, clock_timestamp()) RETURNING id",
            list(station_keys),
            list(charge_point_keys),
            memberships.encode(came_or_left),
        )
    )


async def forget(connection: Connection, notes: Sequence[int]) -> None:
    """The notes have been published."""
    if notes:
        await connection.execute("DELETE FROM unpublished WHERE id = ANY($1::bigint[])", list(notes))


def _since(
    station: Any, charge_points: Sequence[Any], turned: Mapping[int, list[Turn]], shall: Status
) -> datetime | None:
    """Since when it ``shall`` be so, as far as is known."""
    told = [turn for one in charge_points for turn in turned.get(one["key"], ())]
    if not told:
        return station["status_since"] if station["status"] == shall else None
    members = {one["key"]: _standing(one) for one in charge_points}
    at = turns_of.since(told, members, station["status"], instant.from_datetime(station["status_since"]), shall)
    return None if at is None else instant.to_datetime(at)


def _standing(row: Any) -> Standing:
    """What a charge point's row (``served.MEMBERS``) adds."""
    status = row["status"] if row["evse_counts"] or row["status"] != "UNKNOWN" else None
    moment = row["status_since"]
    return Standing(status, instant.from_datetime(moment) if moment is not None and moment.tzinfo else None)


def _traits(charge_points: Sequence[Any]) -> int:
    traits = 0
    for one in charge_points:
        traits |= TRAITS[one["connectivity"]] | (0 if one["operative"] else INOPERATIVE)
    return traits
