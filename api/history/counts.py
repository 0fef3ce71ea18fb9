"""The network's counts, kept: what was counted once is mended by the rows that have changed since, as the stream tells.

A row's place in the counts is a small number in an array by the row's key: 4 bytes for each there is. Rows are looked
up as they are now, never added or subtracted from, so being told twice or late does no harm. While nobody vouches for
the stream, and every few minutes, all is counted anew.
"""

import asyncio
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from shared.stores import hot, tally
from shared.stores.postgres import Connection
from shared.stores.tally import Tally

SURE_S = 2.0  #: so long after it was heard the stream counts as heard
ANEW_S = 300  #: then all is counted, should a row have changed that nobody told of
AT_ONCE = 5_000  #: rows, a millisecond or two
MOST_CHANGED = 20_000  #: looking up more costs as much as counting all

_WHAT = ("stations", "charge_points")
_COLUMNS = {
    "stations": ("status", "health"),
    "charge_points": ("status", "health", "connectivity", "evse_counts", "connector_counts"),
}
_PREFIX = {hot.station_key(""): "stations", hot.charge_point_key(""): "charge_points"}


def _columns(what: str) -> str:
    return ", ".join(f"{name}::text" for name in _COLUMNS[what])


_ALL = {
    what: f"SELECT {_columns(what)}, array_agg(key) AS keys FROM {what} WHERE deleted_at IS NULL "  # noqa: S608
    f"GROUP BY {', '.join(_COLUMNS[what])}"
    for what in _WHAT
}
_CHANGED = {  # each half has an index of its own
    what: " UNION ALL ".join(
        f"SELECT key, {living} AS lives, {_columns(what)} FROM {what} "  # noqa: S608
        f"WHERE folded_id = ANY($1::text[]) AND deleted_at IS {'' if living else 'NOT '}NULL"
        for living in (True, False)
    )
    for what in _WHAT
}


class _Rows:
    """The rows of one table by what they count as; 0: not at all."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, ...], int] = {(): 0}
        self._of_row = array("I")
        self._n = [0]

    def put(self, values: tuple[str, ...], keys: Iterable[int]) -> None:
        """These rows count as this from now on."""
        code = self._codes.setdefault(values, len(self._codes))
        if code == len(self._n):
            self._n.append(0)
        for key in keys:
            if key >= len(self._of_row):
                self._of_row.extend([0] * (key + 1 - len(self._of_row) + 1000))
            self._n[self._of_row[key]] -= 1
            self._of_row[key] = code
            self._n[code] += 1

    def counted(self, columns: Sequence[str]) -> Iterable[Mapping[str, Any]]:
        """As ``tally`` counts."""
        for values, code in self._codes.items():
            if code and self._n[code]:
                row: dict[str, Any] = dict(zip(columns, values, strict=True))
                for name in ("evse_counts", "connector_counts"):
                    if name in row:
                        row[name] = msgspec.json.decode(row[name])
                yield row | {"n": self._n[code]}


class Counts:
    """Hears of changes as ``memory`` does; ``clock`` is monotonic (s)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._rows: dict[str, _Rows] | None = None
        self._changed: dict[str, set[str]] = {what: set() for what in _WHAT}
        self._anew_at = 0.0
        self._filling = b""
        self._sure_until = 0.0

    def overtake(self, changes: Iterable[tuple[str, int]]) -> None:
        """Keys and revisions of what has changed."""
        if self._rows is None:
            return
        for key, _ in changes:
            for prefix, what in _PREFIX.items():
                if key.startswith(prefix):
                    self._changed[what].add(key[len(prefix) :])
        if sum(map(len, self._changed.values())) > MOST_CHANGED:
            self.forget()

    def confirm(self, at: float, fresh_s: float, filling: bytes) -> None:
        """All that was changed before ``at`` was told, and the copy counts for ``fresh_s`` from then."""
        if filling != self._filling:
            self.forget()
        self._filling = filling
        self._sure_until = at + min(fresh_s, SURE_S) if filling else 0.0

    def forget(self) -> None:
        """Changes may have been missed."""
        self._rows = None

    async def taken(self, connection: Connection) -> Tally:
        """The counts of now; one at a time."""
        now = self._clock()
        if now >= self._sure_until:
            self.forget()
            return await tally.taken(connection)
        if self._rows is None or now >= self._anew_at:
            rows = await self._all(connection)
            self._anew_at = now + ANEW_S
        else:
            rows = await self._mended(connection, self._rows)
        stations, charge_points = (rows[what].counted(_COLUMNS[what]) for what in _WHAT)
        return tally.shaped(tally.counted(stations, charge_points))

    async def _all(self, connection: Connection) -> dict[str, _Rows]:
        rows = {what: _Rows() for what in _WHAT}
        self._changed = {what: set() for what in _WHAT}  # what is told of from now on may be newer than what is read
        self._rows = rows
        try:
            for what in _WHAT:
                for row in await connection.fetch(_ALL[what]):
                    for start in range(0, len(row["keys"]), AT_ONCE):
                        rows[what].put(tuple(row.values())[:-1], row["keys"][start : start + AT_ONCE])
                        await asyncio.sleep(0)  # others have their turn
        except BaseException:
            self.forget()
            raise
        return rows

    async def _mended(self, connection: Connection, rows: dict[str, _Rows]) -> dict[str, _Rows]:
        changed, self._changed = self._changed, {what: set() for what in _WHAT}
        try:
            for what, ids in changed.items():
                if ids:
                    for row in await connection.fetch(_CHANGED[what], list(ids)):
                        key, lives, *values = row.values()
                        rows[what].put(tuple(values) if lives else (), [key])
        except BaseException:
            self.forget()
            raise
        return rows
