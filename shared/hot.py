"""The hot copy in Redis: a finished document a key, guarded by its revision, and the change stream.

Redis is a copy. Every value comes from a committed transaction, a write never replaces a newer
revision, and losing all of it loses nothing: ``is_filled`` then says that it must be filled again.
"""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, Literal, cast

from msgspec import Struct
from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

STREAM = "plugwatch:changes"  #: the change stream, in revision order per station
FILLED = "plugwatch:filled"  #: run id of the Redis that holds a full copy
TOMBSTONE_TTL_S = 3600
TIMEOUT_S = 2  #: of one call; a Redis that is frozen is noticed within 3 s
_DOCUMENTS_A_CALL = 200

#: What a Redis that is away raises.
AWAY = (RedisError, OSError, TimeoutError)

#: A peer that vanished is noticed by the kernel within 10 s, where it knows these options.
_KEEPALIVE = {
    getattr(socket, name): value
    for name, value in {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}.items()
    if hasattr(socket, name)
}

_Rows = list[tuple[bytes, dict[bytes, bytes]]]

Kind = Literal["station", "charge_point"]


class Change(Struct, frozen=True):
    """A document to be published: its new bytes, or None when the thing was deleted."""

    kind: Kind
    station_id: str | None
    charge_point_id: str | None
    revision: int
    etag: str
    document: bytes | None

    @property
    def key(self) -> str:
        """The Redis key it lives under."""
        if self.kind == "station":
            return station_key(self.station_id or "")
        return charge_point_key(self.charge_point_id or "")


class Entry(Struct, frozen=True):
    """A change as it lies in the stream, with its stream id."""

    id: str
    kind: Kind
    station_id: str | None
    charge_point_id: str | None
    revision: int
    document: bytes | None


class Hot(Struct, frozen=True):
    """A document as it lies in Redis; None when the thing was deleted."""

    etag: str
    document: bytes | None


def station_key(station_id: str) -> str:
    """Redis key of a station's document."""
    return f"plugwatch:station:{station_id}"


def charge_point_key(charge_point_id: str) -> str:
    """Redis key of a charge point's document; ids match case-insensitively."""
    return f"plugwatch:charge_point:{charge_point_id.lower()}"


#: KEYS: one a document. ARGV: stream length, tombstone TTL, whether to stream, then per document
#: kind, station id, charge point id, revision, etag, document ("" for a deleted one).
#: Returns 0 when this Redis does not hold a full copy, else 1.
_PUBLISH = f"""
local stream, length, ttl, streamed = '{STREAM}', ARGV[1], ARGV[2], ARGV[3] == '1'
for i, key in ipairs(KEYS) do
  local at = 3 + (i - 1) * 6
  local revision = tonumber(ARGV[at + 4])
  local held = tonumber(redis.call('HGET', key, 'revision') or '-1')
  if revision > held then
    local document = ARGV[at + 6]
    redis.call('HSET', key, 'revision', ARGV[at + 4], 'etag', ARGV[at + 5], 'document', document)
    if document == '' then redis.call('EXPIRE', key, ttl) elseif held >= 0 then redis.call('PERSIST', key) end
    if streamed then
      redis.call('XADD', stream, 'MAXLEN', '~', length, '*', 'kind', ARGV[at + 1], 'station_id', ARGV[at + 2],
        'charge_point_id', ARGV[at + 3], 'revision', ARGV[at + 4], 'document', document)
    end
  end
end
return redis.call('EXISTS', '{FILLED}')
"""

#: KEYS: one a document. One call for many, since a command costs its client more than its Redis.
_READ = """
local found = {}
for i, key in ipairs(KEYS) do found[i] = redis.call('HMGET', key, 'etag', 'document') end
return found
"""


class HotCopy:
    """The documents and the change stream in one Redis."""

    def __init__(self, redis: Redis, *, stream_length: int) -> None:
        self._redis = redis
        self._length = stream_length
        self._script = redis.register_script(_PUBLISH)
        self._read = redis.register_script(_READ)

    @property
    def redis(self) -> Redis:
        """The client, for what else lies in this Redis."""
        return self._redis

    async def publish(self, changes: Sequence[Change], *, stream: bool = True) -> bool:
        """Sets each document if its revision is newer and appends the change to the stream.

        Returns whether this Redis holds a full copy; if not, it must be filled.

        Raises:
            one of ``AWAY``: some may have been written; publishing again is right.
        """
        filled = True
        for start in range(0, len(changes), _DOCUMENTS_A_CALL):
            part = changes[start : start + _DOCUMENTS_A_CALL]
            arguments: list[str | int | bytes] = [self._length, TOMBSTONE_TTL_S, int(stream)]
            for change in part:
                arguments += (
                    change.kind,
                    change.station_id or "",
                    change.charge_point_id or "",
                    change.revision,
                    change.etag,
                    change.document or b"",
                )
            async with asyncio.timeout(TIMEOUT_S):
                filled = bool(await self._script(keys=[change.key for change in part], args=arguments))
        return filled

    async def read(self, key: str) -> Hot | None:
        """The document under ``key``; None when Redis does not have it (ask Postgres then)."""
        (found,) = await self.read_many([key])
        return found

    async def read_many(self, keys: Sequence[str]) -> list[Hot | None]:
        """The documents under these keys, in one round trip; None where Redis does not have it.

        Raises:
            one of ``AWAY``.
        """
        async with asyncio.timeout(TIMEOUT_S):
            rows = cast("list[tuple[bytes | None, bytes | None]]", await self._read(keys=keys))
        return [
            None if etag is None or document is None else Hot(etag.decode(), document or None)
            for etag, document in rows
        ]

    async def is_filled(self) -> bool:
        """Whether this very Redis process holds a full copy: a replaced or restored one does not."""
        async with asyncio.timeout(TIMEOUT_S):
            return cast("bytes | None", await self._redis.get(FILLED)) == await self.run_id()

    async def set_filled(self) -> None:
        """Says that all documents of Postgres have been published here.

        The stream begins anew: it may lack changes that a Redis before this one was given, and only
        ids that are not there any more tell its readers so.
        """
        run_id = await self.run_id()
        async with asyncio.timeout(TIMEOUT_S), self._redis.pipeline(transaction=True) as both:
            both.delete(STREAM)
            both.set(FILLED, run_id)
            await both.execute()

    async def entries(self, since: str, count: int) -> list[Entry]:
        """The changes from stream id ``since`` on, that one included, at most ``count``, oldest first.

        Raises:
            one of ``AWAY``.
        """
        async with asyncio.timeout(TIMEOUT_S):
            rows = await self._redis.xrange(STREAM, since, "+", count)
        return [_entry(*row) for row in cast("_Rows", rows)]

    async def newest(self) -> str | None:
        """The stream id of the newest change; None when there is none.

        Raises:
            one of ``AWAY``.
        """
        async with asyncio.timeout(TIMEOUT_S):
            rows = cast("_Rows", await self._redis.xrevrange(STREAM, "+", "-", 1))
        return rows[0][0].decode() if rows else None

    async def await_entry(self, after: str, timeout_s: float) -> None:
        """Returns when there is a change after this stream id, or after ``timeout_s`` (less than ``TIMEOUT_S``).

        Raises:
            one of ``AWAY``.
        """
        async with asyncio.timeout(TIMEOUT_S):
            await self._redis.xread({STREAM: after}, count=1, block=int(timeout_s * 1000))

    async def answers(self) -> bool:
        """Whether Redis answers now; for readiness."""
        try:
            async with asyncio.timeout(2):
                return bool(await self._redis.ping())
        except AWAY:
            return False

    async def run_id(self) -> bytes:
        """Which Redis process this is: another one after each of its starts.

        Raises:
            one of ``AWAY``.
        """
        async with asyncio.timeout(TIMEOUT_S):
            return str((await self._redis.info("server"))["run_id"]).encode()


def _entry(id_: bytes, fields: dict[bytes, bytes]) -> Entry:
    return Entry(
        id=id_.decode(),
        kind=cast("Kind", fields[b"kind"].decode()),
        station_id=fields[b"station_id"].decode() or None,
        charge_point_id=fields[b"charge_point_id"].decode() or None,
        revision=int(fields[b"revision"]),
        document=fields[b"document"] or None,
    )


class _Distrustful(AbstractConnection):
    """A connection that is not used again after READONLY: its server was the writable one before a failover."""

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return await super().read_response(*args, **kwargs)
        except ResponseError as error:
            if isinstance(error, ReadOnlyError) or "READONLY" in str(error):  # a script's own error quotes it
                self.mark_for_reconnect()  # type: ignore[no-untyped-call]
            raise


def client(url: str) -> Redis:
    """A Redis client which never retries by itself; put every command under ``asyncio.timeout``.

    The client's own ``socket_timeout`` may lose a cancellation (it is ``asyncio.wait_for``, before Python 3.12).
    """
    options = {} if url.startswith("unix:") else {"socket_keepalive": True, "socket_keepalive_options": _KEEPALIVE}
    pool = ConnectionPool.from_url(url, socket_timeout=None, socket_connect_timeout=2, protocol=2, **options)
    pool.connection_class = type("Connection", (_Distrustful, pool.connection_class), {})
    return Redis.from_pool(pool)
