"""The change stream in Redis: what changed, in revision order per document, with the few facts of a brief view.

Never whole documents: a station of a hundred charge points would fill Redis with copies of itself. Who tells of a
change reads the document as it is then, and leaves out what was overtaken: the newer revision has its own entry.
"""

import logging
from collections.abc import Iterable
from typing import Literal, cast

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from shared.words.status import Health, Status

from .redis_client import answering

STREAM = "plugwatch:changes"
FIELD = "e"  #: the one field of an entry

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

    async def entries(self, since: str, count: int) -> list[Entry]:
        """The changes from stream id ``since`` on, that one included, at most ``count``, oldest first."""
        async with answering():
            rows = await self._redis.xrange(STREAM, since, "+", count)
        return unpacked(cast("_Rows", rows))

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


def unpacked(rows: Iterable[tuple[bytes, dict[bytes, bytes]]]) -> list[Entry]:
    """The changes in what Redis gives of its stream."""
    return [_entry(*row) for row in rows]


def _entry(id_: bytes, fields: dict[bytes, bytes]) -> Entry:
    try:
        one = _unpack(fields[FIELD.encode()])
    except (KeyError, msgspec.DecodeError):
        # Its place counts, or readers would not get past it; a revision of nothing is overtaken by every document.
        log.warning("an entry of %s is none of ours and is left out; see who else writes to this Redis", STREAM)
        one = Packed("station", None, None, revision=0, deleted=False)
    return Entry(id_.decode(), one.kind, one.station_id, one.charge_point_id, one.revision, one.deleted, one.facts)
