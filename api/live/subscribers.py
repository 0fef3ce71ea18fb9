"""Who listens to the stream: readers by what they want, so that a change meets only those who may want it. No I/O."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping

from api.live import events as live
from shared.stores.changes import Entry

from .events import Wanted

MAX_BYTES = 4 * 1024 * 1024  #: what waits for one reader at most, beside a single batch
_CHUNK = 64 * 1024
IN_BRIEF = Wanted(brief=True)


class Reader:
    """What waits for one client. It shares the bytes with all others who want the same."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.after: tuple[int, int] | None = None  #: it has had everything up to this stream id
        self.unsure = False  #: it joined while Redis was away: nobody knows what it has missed
        self.last: bytes | None = None  #: the last words, when it is to be closed
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._there_is_more = asyncio.Event()

    def give(self, chunk: bytes) -> bool:
        """One chunk more; False, and nothing any more, when the reader is too slow for it."""
        if self._chunks and self._size + len(chunk) > MAX_BYTES:
            self._clear()
            self.end(live.DROPPED)
            return False
        self._chunks.append(chunk)
        self._size += len(chunk)
        self._there_is_more.set()
        return True

    def reset(self, position: str) -> None:
        """What waits is of no use any more."""
        self._clear()
        self.after, self.unsure = None, False
        self.give(live.reset(position))

    def end(self, last: bytes) -> None:
        """To be closed, after what waits and these last words."""
        self.last = last
        self._there_is_more.set()

    async def next(self, heartbeat_s: float) -> bytes | None:
        """What waits, a heartbeat when that takes too long; None when all is said."""
        try:
            async with asyncio.timeout(heartbeat_s):
                await self._there_is_more.wait()
        except TimeoutError:
            if not self._there_is_more.is_set():
                return live.HEARTBEAT
        if not self._chunks:
            last, self.last = self.last, b""
            return last or None
        taken = [self._chunks.popleft()]
        size = len(taken[0])
        while self._chunks and size + len(self._chunks[0]) <= _CHUNK:
            taken.append(self._chunks.popleft())
            size += len(taken[-1])
        self._size -= size
        if not self._chunks and self.last is None:
            self._there_is_more.clear()
        return b"".join(taken)

    def _clear(self) -> None:
        self._chunks.clear()
        self._size = 0


class Subscribers:
    """All readers of this process."""

    def __init__(self) -> None:
        self._readers: dict[Wanted, set[Reader]] = {}
        self._of_all: set[Wanted] = set()
        self._of_station: defaultdict[str, set[Wanted]] = defaultdict(set)
        self._of_charge_point: defaultdict[str, set[Wanted]] = defaultdict(set)

    def __iter__(self) -> Iterator[Reader]:
        return iter([reader for readers in self._readers.values() for reader in readers])

    def add(self, reader: Reader) -> None:
        """One more; it gets what is handed out from now on."""
        for wanteds in self._places(reader.wanted):
            wanteds.add(reader.wanted)
        self._readers.setdefault(reader.wanted, set()).add(reader)

    def discard(self, reader: Reader) -> None:
        """One less, if it was here."""
        readers = self._readers.get(reader.wanted, set())
        readers.discard(reader)
        if not readers and self._readers.pop(reader.wanted, None) is not None:
            for wanteds in self._places(reader.wanted):
                wanteds.discard(reader.wanted)
            for index, ids in (
                (self._of_station, reader.wanted.stations),
                (self._of_charge_point, reader.wanted.charge_points),
            ):
                for id_ in ids:
                    if id_ in index and not index[id_]:
                        del index[id_]

    def wants(self, entry: Entry) -> bool:
        """Whether somebody here wants this change."""
        return any(wanted.has(entry) for wanted in self._candidates(entry))

    def hand_out(self, entries: list[Entry], documents: Mapping[str, bytes]) -> list[Reader]:
        """Gives each reader the changes it wants of which there is a document (by stream id).

        Returns those who were too slow, who are out.
        """
        frames: defaultdict[Wanted, list[tuple[Entry, bytes]]] = defaultdict(list)
        for entry in entries:
            frame = b""
            if entry.id not in documents:
                continue
            for wanted in self._candidates(entry):
                if wanted.has(entry):
                    frame = frame or live.event(entry, documents[entry.id])
                    frames[wanted].append((entry, frame))
        slow = []
        for wanted, found in frames.items():
            chunk = b"".join(frame for _, frame in found)
            for reader in self._readers[wanted]:
                own = chunk
                if reader.after is not None:
                    own = b"".join(frame for entry, frame in found if live.order(entry.id) > reader.after)
                if own and not reader.give(own):
                    slow.append(reader)
        newest = live.order(entries[-1].id)
        for reader in slow:
            self.discard(reader)
        for reader in self:
            if reader.after is not None and reader.after <= newest:
                reader.after = None
        return slow

    @property
    def in_brief(self) -> bool:
        """Whether somebody follows in brief."""
        return IN_BRIEF in self._readers

    def hand_out_in_brief(self, chunk: bytes) -> list[Reader]:
        """Gives each reader in brief the same bytes. Returns those who were too slow, who are out."""
        slow = [reader for reader in self._readers.get(IN_BRIEF, ()) if not reader.give(chunk)]
        for reader in slow:
            self.discard(reader)
        return slow

    def _candidates(self, entry: Entry) -> Iterable[Wanted]:
        of_station = self._of_station.get((entry.station_id or "").lower(), ())
        of_charge_point = self._of_charge_point.get((entry.charge_point_id or "").lower(), ())
        return self._of_all.union(of_station, of_charge_point)

    def _places(self, wanted: Wanted) -> list[set[Wanted]]:
        if wanted.brief:
            return []
        if wanted.stations:
            return [self._of_station[id_] for id_ in wanted.stations]
        if wanted.charge_points:
            return [self._of_charge_point[id_] for id_ in wanted.charge_points]
        return [self._of_all]
