"""The whole network in numbers, at most a second old."""

import asyncio
from collections.abc import Callable

import msgspec
from msgspec import Struct

from api.database import Database
from api.http.problems import Unavailable

from .answers import StatsDocument
from .counts import Counts

CACHED_S = 1
WAIT_S = 10


class Counted(Struct, frozen=True):
    """The numbers as bytes, and where the stream stood before they were counted."""

    document: bytes = b""
    stream_id: str | None = None


class Stats:
    """The numbers of now, or of up to a second ago.

    ``clock`` is monotonic (s), ``position`` says where the stream is.
    """

    def __init__(
        self, database: Database, counts: Counts, clock: Callable[[], float], position: Callable[[], str | None]
    ) -> None:
        self._database = database
        self._counts = counts
        self._clock = clock
        self._position = position
        self._one_at_a_time = asyncio.Lock()
        self._stale_at = -1.0
        self._counted = Counted()

    async def counted(self) -> Counted:
        """What ``GET /v1/stats`` serves.

        Raises:
            Unavailable: Postgres is away, or too many wait for it.
        """
        try:
            async with asyncio.timeout(WAIT_S), self._one_at_a_time:
                if self._clock() >= self._stale_at:
                    stream_id = self._position()
                    async with self._database.connection() as connection:
                        numbers = msgspec.convert(await self._counts.taken(connection), StatsDocument)
                    self._counted = Counted(msgspec.json.encode(numbers), stream_id)
                    self._stale_at = self._clock() + CACHED_S
                return self._counted
        except TimeoutError as error:
            raise Unavailable("counting takes too long just now: try again", headers={"Retry-After": "5"}) from error
