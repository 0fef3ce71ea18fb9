"""Documents in this process: what is asked for again and again needs no Redis. Pure; the clock is given.

What is kept was read from Redis, and is overtaken by the change stream and by this process' own writes. It is served
only while the stream is known to have been read to its end, under the freshness mark, within ``SERVED_S``; so a
document from here is at most so much older than the one in Redis, and counts no longer than that one does.

Of what was shown lately the revision is known, too, also where the document is not: nobody is shown an older one after
it, whatever has become of Redis meanwhile. Limit: of so many documents as ``most_bytes`` hold.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable

from msgspec import Struct

from shared.stores.hot import Hot

SERVED_S = 2.0
MOST_BYTES = 64 * 1024 * 1024
_OF_AN_ENTRY = 500  #: bytes, beside the document


class Kept(Struct, eq=False):
    """A document, how it goes out compressed, and its revision; without the document where that was overtaken."""

    revision: int
    document: Hot | None
    packed: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes, nearly."""
        own = len(self.document.document or b"") if self.document is not None else 0
        return _OF_AN_ENTRY + own + len(self.packed or b"")


class Reading(Struct, eq=False):
    """A document is being read; what overtakes it meanwhile counts."""

    era: int
    least: int  #: what is older was overtaken before
    overtaken: int = 0


class Memory:
    """What is kept, by Redis key; ``clock`` is monotonic (s)."""

    def __init__(self, clock: Callable[[], float], most_bytes: int = MOST_BYTES) -> None:
        self._clock = clock
        self._most = most_bytes
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._readings: dict[str, list[Reading]] = {}
        self._size = 0
        self._era = 0
        self._filling = b""
        self._until = 0.0

    @property
    def size(self) -> int:
        """Bytes in use."""
        return self._size

    def find(self, key: str) -> Kept | None:
        """The document as it may be shown now."""
        kept = self._kept.get(key)
        if kept is None or kept.document is None or self._clock() >= self._until:
            return None
        self._kept.move_to_end(key)
        return kept

    def pack(self, kept: Kept, document: Hot, packed: bytes) -> None:
        """This document of it goes out compressed."""
        if kept.document is not document:
            return  # overtaken, or let go of
        before, kept.packed = kept.size, packed
        self._size += kept.size - before
        self._make_room()

    def begin(self, key: str) -> Reading:
        """The document is going to be read; ``end`` in any case."""
        kept = self._kept.get(key)
        reading = Reading(self._era, kept.revision if kept else 0)
        self._readings.setdefault(key, []).append(reading)
        return reading

    def end(self, key: str, reading: Reading) -> None:
        """Nothing is read any more."""
        others = self._readings[key]
        others.remove(reading)
        if not others:
            del self._readings[key]

    def keep(self, key: str, reading: Reading, found: Hot) -> None:
        """The document was read from Redis; it may be shown until it is overtaken."""
        kept = self._kept.get(key)
        overtaken = max(reading.overtaken, kept.revision if kept else 0)
        current = found.revision >= overtaken and reading.era == self._era
        self._put(key, Kept(max(found.revision, overtaken), found if current else None))

    def saw(self, key: str, revision: int, reading: Reading | None = None) -> None:
        """This process wrote it, or it was read from Postgres: nothing older is shown from now on.

        A Postgres that has gone back (restored) is right: what was known before ``reading`` counts no more then.
        """
        kept = self._kept.get(key)
        if kept is not None and (reading is None or revision >= reading.least):
            revision = max(revision, kept.revision)
        if kept is None or kept.revision != revision:
            self._put(key, Kept(revision, None))
        for reading in self._readings.get(key, ()):
            reading.overtaken = max(reading.overtaken, revision)

    def overtake(self, changes: Iterable[tuple[str, int]]) -> None:
        """Keys and revisions of what has changed."""
        for key, revision in changes:
            kept = self._kept.get(key)
            if kept is not None and kept.revision < revision:
                self._size -= kept.size
                kept.revision, kept.document, kept.packed = revision, None, None
                self._size += kept.size
            for reading in self._readings.get(key, ()):
                reading.overtaken = max(reading.overtaken, revision)

    def confirm(self, at: float, fresh_s: float, filling: bytes) -> None:
        """All that was changed before ``at`` was overtaken, and the copy counts for ``fresh_s`` from then.

        ``filling`` is another one when Redis has been filled anew: what it was given before may be lost.
        """
        if filling != self._filling:
            self.forget()
        self._filling = filling
        self._until = at + min(fresh_s, SERVED_S) if filling else 0.0

    def forget(self) -> None:
        """Changes may have been missed: every document must be read anew. What was shown is remembered."""
        self._era += 1
        self._until = 0.0
        for kept in self._kept.values():
            kept.document = kept.packed = None
        self._size = len(self._kept) * _OF_AN_ENTRY

    def _put(self, key: str, kept: Kept) -> None:
        if (before := self._kept.pop(key, None)) is not None:
            self._let_go(before)
        self._kept[key] = kept
        self._size += kept.size
        self._make_room()

    def _make_room(self) -> None:
        while self._size > self._most:
            _, oldest = self._kept.popitem(last=False)
            self._let_go(oldest)

    def _let_go(self, kept: Kept) -> None:
        self._size -= kept.size
        kept.document = kept.packed = None
