"""The change stream in Redis: what changed, in revision order per document, with the few facts of a brief view.

Never whole documents: a station of a hundred charge points would fill Redis with copies of itself. Who tells of a
change reads the document as it is then, and leaves out what was overtaken: the newer revision has its own entry.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Literal, cast

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from shared.stores.lua import hot_scripts
from shared.stores.lua.hot_scripts import FIELD, STREAM
from shared.words.status import Health, Status

from .redis_client import Script, answering

log = logging.getLogger("plugwatch.changes")

_Rows = list[tuple[bytes, dict[bytes, bytes]]]

#: A membership is a charge point at a station, see ``memberships``.
Kind = Literal["station", "charge_point", "membership"]


class Facts(Struct, frozen=True, array_like=True):
    """A station in brief: how many of its charge points are OFFLINE, since when (s since 1970) it has its status,
    and its EVSEs by status, in the order of ``STATUSES``."""

    status: Status
    health: Health
    offline: int
    since_s: int | None = None
    counts: tuple[int, ...] = ()


class Packed(Struct, frozen=True, array_like=True):
    """A change as it lies in the stream; ``facts`` only of a station that was not deleted."""

    kind: Kind
    station_id: str | None
    charge_point_id: str | None
    revision: int
    deleted: bool
    facts: Facts | None = None


class Entry(Struct, frozen=True):
    """A change with its stream id."""

    id: str
    kind: Kind
    station_id: str | None
    charge_point_id: str | None
    revision: int
    deleted: bool
    facts: Facts | None

    @property
    def key(self) -> str:
        """The Redis key that its document lives under."""
        return document_key(self.kind, self.station_id, self.charge_point_id)


class Followed(Struct, frozen=True):
    """What came after a change of the stream, and what Redis said just after it."""

    entries: list[Entry]
    is_whole: bool  #: that change is still there, so nothing in between is missing
    is_all: bool  #: nothing came after these
    fresh_s: float  #: for so long from now the mark lives
    lapsed_s: int | None  #: for so long nobody has vouched for the copy; None while the mark lives
    behind_s: int | None  #: so far are rollups behind the log, the worst of them; None where none says so
    filling: bytes  #: another one each time that Redis was filled; empty before


pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Packed).decode


def document_key(kind: Kind, station_id: str | None, charge_point_id: str | None) -> str:
    """Redis key of the document of a station or charge point, or of a membership; ids match case-insensitively."""
    if kind == "station":
        return f"plugwatch:station:{(station_id or '').lower()}"
    if kind == "membership":
        return f"plugwatch:membership:{(station_id or '').lower()}:{(charge_point_id or '').lower()}"
    return f"plugwatch:charge_point:{(charge_point_id or '').lower()}"


class Changes:
    """The stream in one Redis, as its readers see it. Every method may raise one of ``hot.AWAY``."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._current = Script(redis, hot_scripts.CURRENT)
        self._followed = Script(redis, hot_scripts.FOLLOWED)

    async def follow(self, after: str, count: int, timeout_s: float) -> Followed:
        """The changes after this stream id, at most ``count``, once there is one, or after ``timeout_s``.

        One round trip for them and for what they are worth: a wait that wakes up cannot tell a stream from another one.
        """
        read = ("XREAD", "COUNT", count, "BLOCK", int(timeout_s * 1000), "STREAMS", STREAM, after)
        async with answering(timeout_s):
            streams, told = await self._followed.after([read], arguments=[after])
        lives_ms, lapsed_ms, behind_s, filling, is_whole, newest = told
        rows = streams[0][1] if streams else ()
        entries = _unpacked((id_, dict(zip(fields[::2], fields[1::2], strict=True))) for id_, fields in rows)
        last = entries[-1].id if entries else after
        return Followed(
            entries,
            is_whole=bool(is_whole),
            is_all=newest.decode() == last,
            fresh_s=lives_ms / 1000,
            lapsed_s=None if lives_ms else lapsed_ms // 1000,
            behind_s=None if behind_s < 0 else behind_s,
            filling=filling,
        )

    async def current(self, entries: Sequence[Entry]) -> dict[str, bytes]:
        """The documents of those changes that nothing has overtaken, by stream id; empty for what was deleted."""
        if not entries:
            return {}
        async with answering():
            found = cast(
                "list[bytes | int | None]",
                await self._current([one.key for one in entries], [one.revision for one in entries]),
            )
        told: dict[str, bytes] = {}
        for one, document in zip(entries, found, strict=True):
            if one.deleted and document == 0:  # its tombstone has expired
                told[one.id] = b""
            elif isinstance(document, bytes):
                told[one.id] = document
        return told

    async def entries(self, since: str, count: int) -> list[Entry]:
        """The changes from stream id ``since`` on, that one included, at most ``count``, oldest first."""
        async with answering():
            rows = await self._redis.xrange(STREAM, since, "+", count)
        return _unpacked(cast("_Rows", rows))

    async def newest(self) -> str | None:
        """The stream id of the newest change; None when there is none."""
        async with answering():
            rows = cast("_Rows", await self._redis.xrevrange(STREAM, "+", "-", 1))
        return rows[0][0].decode() if rows else None

    async def trim(self, max_bytes: int) -> None:
        """Drops the oldest changes when the stream takes more memory than that."""
        async with answering():
            size = int(await self._redis.memory_usage(STREAM) or 0)
            if size > max_bytes:
                length = int(await self._redis.xlen(STREAM))
                await self._redis.xtrim(STREAM, maxlen=int(length * 0.9 * max_bytes / size), approximate=True)


def _unpacked(rows: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> list[Entry]:
    return [_entry(*row) for row in rows]


def _entry(id_: bytes, fields: dict[bytes, bytes]) -> Entry:
    try:
        one = _unpack(fields[FIELD.encode()])
    except (KeyError, msgspec.DecodeError):
        # Its place counts, or readers would not get past it; a revision of nothing is overtaken by every document.
        log.warning("an entry of %s is none of ours and is left out; see who else writes to this Redis", STREAM)
        one = Packed("station", None, None, revision=0, deleted=False)
    return Entry(id_.decode(), one.kind, one.station_id, one.charge_point_id, one.revision, one.deleted, one.facts)
