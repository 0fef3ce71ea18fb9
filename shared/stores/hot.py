"""The hot copy in Redis: a finished document a key, guarded by its revision, and the change stream.

Redis is a copy. Every value comes from a committed transaction, a write never replaces a newer
revision, and losing all of it loses nothing: ``is_filled`` then says that it must be filled again.
That it answers does not say that it is given anything: what is read counts only while the freshness
mark lives, which rollups renew as long as every commit of more than seconds ago lies here.
"""

import math
import secrets
from collections.abc import Sequence
from typing import Literal, cast

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.stores import changes
from shared.stores.lua import hot_scripts
from shared.stores.lua.hot_scripts import FILLED, FRESH, STREAM

from .changes import Changes, Facts, Kind
from .redis_client import Script, Word, answering, at_once

_PROBE = "plugwatch:probe"
_WRITTEN = "plugwatch:probe:written"
TOMBSTONE_TTL_S = 3600
_DOCUMENTS_A_CALL = 200

#: What a Redis that is away raises.
AWAY = (RedisError, OSError, TimeoutError)


class Change(Struct, frozen=True):
    """A document to be published: its new bytes, or None when the thing was deleted."""

    kind: Kind
    station_id: str | None
    charge_point_id: str | None
    revision: int
    etag: str
    document: bytes | None
    facts: Facts | None = None  #: of a station

    @property
    def key(self) -> str:
        """The Redis key it lives under."""
        return changes.document_key(self.kind, self.station_id, self.charge_point_id)

    @property
    def entry(self) -> bytes:
        """What the change stream says of it."""
        deleted = self.document is None
        facts = None if deleted else self.facts
        return changes.pack(
            changes.Packed(self.kind, self.station_id, self.charge_point_id, self.revision, deleted, facts)
        )


class Hot(Struct, frozen=True):
    """A document as it lies in Redis; None when the thing was deleted."""

    etag: str
    document: bytes | None
    age_s: int | None = None  #: it is known to have been current so long ago; None: it is current

    @property
    def revision(self) -> int:
        """The one in its entity tag, ``"<version>.<revision>"``."""
        return int(self.etag[self.etag.rindex(".") + 1 : -1])


class Copied(Struct, frozen=True):
    """What Redis has of some keys, and since when nobody vouches for it; ``lapsed_s`` is None while the mark lives."""

    documents: list[Hot | None]
    lapsed_s: int | None


class Looked(Struct, frozen=True):
    """How a Redis stands."""

    run_id: bytes  #: which process it is: another one after each of its starts
    is_filled: bool
    is_long: bool  #: its stream takes more memory than it may


def station_key(station_id: str) -> str:
    """Redis key of a station's document; ids match case-insensitively."""
    return changes.document_key("station", station_id, None)


def charge_point_key(charge_point_id: str) -> str:
    """Redis key of a charge point's document; ids match case-insensitively."""
    return changes.document_key("charge_point", None, charge_point_id)


class HotCopy:
    """The documents and the change stream in one Redis."""

    def __init__(self, redis: Redis, *, stream_length: int, stream_bytes: int = 256 * 1024 * 1024) -> None:
        self._redis = redis
        self._length = stream_length
        self._bytes = stream_bytes
        self.changes = Changes(redis)
        self._script = Script(redis, hot_scripts.PUBLISH)
        self._read = Script(redis, hot_scripts.READ)
        self._mark = Script(redis, hot_scripts.MARK)
        self._look = Script(redis, hot_scripts.LOOK)

    @property
    def redis(self) -> Redis:
        """The client, for what else lies in this Redis."""
        return self._redis

    async def publish(self, changes: Sequence[Change], *, stream: bool = True) -> None:
        """Sets each document if its revision is newer and appends the change to the stream.

        Raises:
            one of ``AWAY``: some may have been written; publishing again is right.
        """
        for start in range(0, len(changes), _DOCUMENTS_A_CALL):
            part = changes[start : start + _DOCUMENTS_A_CALL]
            arguments: list[Word] = [self._length, TOMBSTONE_TTL_S, int(stream)]
            for change in part:
                arguments += (change.revision, change.etag, change.document or b"", change.entry)
            async with answering():
                await self._script([change.key for change in part], arguments)

    async def read(self, key: str) -> Hot | None:
        """The document under ``key``; None when Redis does not have it (ask Postgres then)."""
        (found,) = (await self.read_many([key])).documents
        return found

    async def read_many(self, keys: Sequence[str]) -> Copied:
        """The documents under these keys, None where Redis does not have it, and the mark, in one round trip.

        Raises:
            one of ``AWAY``.
        """
        async with answering():
            lapsed_ms, rows = cast("tuple[int, list[tuple[bytes | None, bytes | None]]]", await self._read(keys))
        lapsed_s = None if lapsed_ms < 0 else lapsed_ms // 1000
        documents = [
            None if etag is None or document is None else Hot(etag.decode(), document or None, lapsed_s)
            for etag, document in rows
        ]
        return Copied(documents, lapsed_s)

    async def trim(self) -> None:
        """Keeps the change stream below its size in memory.

        Raises:
            one of ``AWAY``.
        """
        await self.changes.trim(self._bytes)

    async def mark(self, found_ms: int, counts_s: float, who: str = "", behind_s: float | None = None) -> bool:
        """Vouches for the copy: at ``found_ms`` (of ``now``) everything was here; that counts for so long from then.

        So does what ``who`` says of how far behind it is, None where it does not know.
        Time of Redis, taken before it was looked, so that neither another clock nor a sleep in between extends it.
        Returns False, and marks nothing, where this Redis has not been filled.

        Raises:
            one of ``AWAY``: also where it takes no writes.
        """
        async with answering():
            behind = "" if behind_s is None or math.isinf(behind_s) else int(behind_s)
            return bool(await self._mark(arguments=[found_ms, int(counts_s * 1000), who, behind]))

    async def withdraw(self) -> None:
        """Nobody vouches for the copy any more.

        Raises:
            one of ``AWAY``.
        """
        async with answering():
            await self._redis.hdel(FRESH, "until")

    async def now(self) -> int:
        """The time of Redis (ms).

        Raises:
            one of ``AWAY``.
        """
        async with answering():
            ((seconds, us),) = await at_once(self._redis, ("TIME",))
        return int(seconds) * 1000 + int(us) // 1000

    async def look(self) -> Looked:
        """How it stands, in one round trip.

        Raises:
            one of ``AWAY``.
        """
        async with answering():
            run_id, filled, size = cast("tuple[bytes, bytes, int]", await self._look())
        return Looked(run_id, filled == run_id, size > self._bytes)

    async def is_filled(self) -> bool:
        """Whether this very Redis process holds a full copy: a replaced or restored one does not."""
        return (await self.look()).is_filled

    async def set_filled(self, run_id: bytes | None = None, *, stream_is_whole: bool = False) -> None:
        """Says that all documents of Postgres have been published to the Redis of ``run_id`` (this one).

        The stream begins anew unless it is whole: it may lack changes that a Redis before this one was
        given, and only ids that are not there any more tell its readers so.
        """
        run_id = run_id or (await self.look()).run_id
        async with answering(), self._redis.pipeline(transaction=True) as both:
            if not stream_is_whole:
                both.unlink(STREAM)
            both.unlink(FRESH)
            both.hset(FRESH, "filling", secrets.token_hex(8))
            both.set(FILLED, run_id)
            await both.execute()

    async def state(self) -> Literal["ok", "stale", "away"]:
        """Whether Redis answers now, and whether its copy counts; for the readiness of who reads it."""
        try:
            return "ok" if (await self.read_many([])).lapsed_s is None else "stale"
        except AWAY:
            return "away"

    async def takes_writes(self) -> bool:
        """Whether it can be written to; for the readiness of who writes: full or read-only, Redis answers, too."""
        try:
            await self.write()
        except AWAY:
            return False
        return True

    async def write(self) -> None:
        """Writes as ``publish`` does, to see whether it can be done.

        Raises:
            one of ``AWAY``.
        """
        async with answering():
            await self._redis.set(_PROBE, "", px=1)
            await self._script([_WRITTEN], [0, 0, 0, 1, "", "", ""])  # gone at once: it has 0 s to live
