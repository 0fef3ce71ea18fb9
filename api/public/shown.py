"""What the public was shown of a station within the last second: a crowd at one costs a read, and a few read at a time.

Who comes without a token must not take what others need: no more than a few of them wait for Redis or Postgres.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from msgspec import Struct

from api.http.problems import Unavailable
from shared.stores.hot import Hot

from . import answers, page

KEPT_S = 1
MOST = 200  #: stations
AT_ONCE = 4
WAIT_S = 5


class Shown(Struct, frozen=True):
    """A station in both forms; ``age_s`` as of ``Hot``."""

    html: bytes
    json: bytes
    age_s: int | None


class Stations:
    """Reads and makes; ``clock`` is monotonic (s), ``now`` ms since 1970; ``behind_s``: how old what is read may be."""

    def __init__(
        self,
        read: Callable[[str], Awaitable[Hot]],
        clock: Callable[[], float],
        now: Callable[[], int],
        behind_s: Callable[[], int],
    ) -> None:
        self._read = read
        self._clock = clock
        self._now = now
        self._behind_s = behind_s
        self._few = asyncio.Semaphore(AT_ONCE)
        self._kept: dict[str, tuple[float, Shown]] = {}  #: by folded id, the oldest first

    async def shown(self, station_id: str) -> Shown:
        """The station as it is, or was up to a second ago.

        Raises:
            NotFound: there is no such station.
            Unavailable: nobody can say now, or too many ask.
        """
        id_ = station_id.lower()
        if kept := self._known(id_):
            return kept
        try:
            async with asyncio.timeout(WAIT_S), self._few:
                if kept := self._known(id_):  # another one has read it meanwhile
                    return kept
                found = await self._read(id_)
        except TimeoutError as error:
            raise Unavailable("too many ask just now: try again in a moment", headers={"Retry-After": "5"}) from error
        made = self._made(found)
        self._kept.pop(id_, None)
        while len(self._kept) >= MOST:
            del self._kept[next(iter(self._kept))]
        self._kept[id_] = (self._clock() + KEPT_S, made)
        return made

    def _known(self, id_: str) -> Shown | None:
        until, kept = self._kept.get(id_, (0.0, None))
        return kept if self._clock() < until else None

    def _made(self, found: Hot) -> Shown:
        station = answers.public(found.document or b"")
        at = self._now() - 1000 * max(found.age_s or 0, self._behind_s())
        return Shown(page.page(station, at), msgspec.json.encode(station), found.age_s)
