"""The network over time, for charts: counted from history in Postgres, one query at a time.

What is counted at a moment is what was known then: lines by the time they were received, so a past
point never changes. A connector counts with the last word it said itself (an OFFLINE charge point's
too), from its first line until its charge point is deleted; a word that is none of ours is UNKNOWN.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from api.database import Database
from api.http.problems import FieldError, Invalid, NotFound, TooSlow
from shared.stores import minutes
from shared.stores.minutes import Counts
from shared.stores.postgres import Connection
from shared.words import instant

from .answers import SeriesDocument, SeriesPoint
from .inputs import SeriesFilters

MAX_POINTS = 1000
WITHIN_S = 20
WAIT_S = 25
MINUTE = timedelta(minutes=1)
SINCE = timedelta(hours=1)  #: the last minute that is kept may lie so far back
_INSTEAD = "counting this takes too long: ask for a shorter time, or for one station"

_CHARGE_POINT = "SELECT key FROM charge_points WHERE folded_id = lower($1) AND deleted_at IS NULL"
_STATION = "SELECT key FROM stations WHERE folded_id = lower($1) AND deleted_at IS NULL"
_LAST_MINUTE = "SELECT * FROM series_minutes ORDER BY at DESC LIMIT 1"
_MINUTES = "SELECT at, connectors, charge_points FROM series_minutes WHERE at = ANY($1::timestamptz[])"
_MEMBERS = "SELECT key FROM charge_points WHERE station_key = $1 AND deleted_at IS NULL"


class Series:
    """Counts over time; ``now`` is ms since the epoch."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database = database
        self._now = now
        self._one_at_a_time = asyncio.Lock()

    async def document(self, filters: SeriesFilters) -> bytes:
        """The document that ``GET /v1/stats/series`` serves.

        Raises:
            Invalid: the time is none, or has too many steps.
            NotFound: there is no such station or charge point.
            Unavailable: Postgres is away.
            TooSlow.
        """
        start, end, ends = times(filters, instant.to_datetime(self._now()))
        try:
            async with (
                asyncio.timeout(WAIT_S),
                self._one_at_a_time,
                self._database.reading(WITHIN_S, _INSTEAD) as connection,
            ):
                keys = await _keys(connection, filters)
                await connection.execute("SET LOCAL work_mem = '128MB'")
                counted = await _kept(connection, start, ends) if keys is None else None
                if counted is None:
                    found = await minutes.moves(connection, start, end, filters.step, keys)
                    counted = minutes.counts_at(Counts.none(), found, len(ends))
        except TimeoutError as error:
            raise TooSlow(_INSTEAD, headers={"Retry-After": "5"}) from error
        return msgspec.json.encode(
            SeriesDocument(
                from_=instant.to_text(instant.from_datetime(start)),
                to=instant.to_text(instant.from_datetime(end)),
                step_s=filters.step,
                points=[
                    SeriesPoint(instant.to_text(instant.from_datetime(at)), *one)  # type: ignore[arg-type]
                    for at, one in zip(ends, counted, strict=True)
                ],
            )
        )


def times(filters: SeriesFilters, now: datetime) -> tuple[datetime, datetime, list[datetime]]:
    """Where the series begins and ends, and the end of each of its steps. Pure.

    Raises:
        Invalid: that is no time, one that has not come yet, or too many steps.
    """
    end = now if filters.to is None else min(filters.to, now)
    step = timedelta(seconds=filters.step)
    try:
        start = end.replace(second=0, microsecond=0) - timedelta(days=1) if filters.from_ is None else filters.from_
    except OverflowError:
        start = end
    if start >= end:
        field = "to" if filters.from_ is None or (filters.to is not None and filters.to <= start) else "from"
        raise Invalid(FieldError(field, "from must be before to, and before now"))
    n = -(-(end - start) // step)
    if n > MAX_POINTS:
        raise Invalid(FieldError("step", f"these are {n} steps, and {MAX_POINTS} are the most: take a longer one"))
    return start, end, [min(start + step * number, end) for number in range(1, n + 1)]


async def _kept(connection: Connection, start: datetime, ends: Sequence[datetime]) -> list[Counts] | None:
    """The counts at these ends by the minutes that are kept, and what has moved since; None: count all."""
    last = await connection.fetchrow(_LAST_MINUTE)
    if last is None or _is_within(start) or not start <= last["at"] or ends[-1] - last["at"] > SINCE:
        return None
    kept = {
        row["at"]: Counts.of(row)
        for row in await connection.fetch(_MINUTES, [end for end in ends if end <= last["at"]])
    }
    if any(end <= last["at"] and end not in kept for end in ends):
        return None
    if ends[-1] > last["at"]:
        found = await minutes.moved(connection, last["at"], ends[-1], last["last_key"])
        steps = -(-(ends[-1] - last["at"]) // MINUTE)
        since = minutes.counts_at(Counts.of(last), found, steps)
        kept |= {min(last["at"] + MINUTE * number, ends[-1]): one for number, one in enumerate(since, start=1)}
    return [kept[end] for end in ends]


def _is_within(moment: datetime) -> bool:
    """Whether it is in the middle of a minute."""
    return bool(moment.second or moment.microsecond)


async def _keys(connection: Connection, filters: SeriesFilters) -> list[int] | None:
    """The charge points meant; None: all."""
    if filters.charge_point_id is not None and filters.station_id is not None:
        raise Invalid(FieldError("charge_point_id", "goes without station_id: give one of them"))
    if filters.charge_point_id is not None:
        key = await connection.fetchval(_CHARGE_POINT, filters.charge_point_id)
        if key is None:
            raise NotFound("there is no charge point with this id: GET /v1/charge-points lists those there are")
        return [key]
    if filters.station_id is not None:
        key = await connection.fetchval(_STATION, filters.station_id)
        if key is None:
            raise NotFound("there is no station with this id: GET /v1/stations lists those there are")
        return [row["key"] for row in await connection.fetch(_MEMBERS, key)]
    return None
