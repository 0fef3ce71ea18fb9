"""The change stream of Redis for any number of clients: one reader a process, none twice and never the last one missed.

One task follows the stream and hands each change out. A client that names its last id first gets what it has missed,
and joins the others where their position is met. Where nobody can say that nothing was missed there is a ``reset``.
What is told is the document as it is then; a change that was overtaken meanwhile is left out, since the newer one is in
the stream, too. No client holds up another one: it is dropped when too much waits for it.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Sequence

from api.http.problems import Unavailable
from api.live import events as live
from api.metrics import Metrics
from shared.stores import hot
from shared.stores.changes import Entry
from shared.stores.hot import HotCopy
from shared.stores.outage import Outage

from . import briefs
from .briefs import Briefs
from .events import Wanted
from .hearer import Hearer
from .missed import Missed
from .progress import Progress
from .subscribers import Reader, Subscribers

HEARTBEAT_S = 15
POLL_S = 0.75  #: how soon a wiped Redis is noticed when nothing changes
AWAY_S = 1  #: between two attempts to reach Redis
PAGE = 200  #: changes handed out at once

log = logging.getLogger("plugwatch.api")


class Stream:
    """The stream of this process; nothing is handed out outside of ``running``."""

    def __init__(self, copy: HotCopy, metrics: Metrics) -> None:
        self.heartbeat_s: float = HEARTBEAT_S
        self._copy = copy
        self._missed = Missed(copy.changes)
        self._metrics = metrics
        self._progress = Progress()
        self._subscribers = Subscribers()
        self._up = asyncio.Event()
        self._vouched = False  #: rollups say that all they know is in Redis; looked at while nothing comes
        self._briefs = Briefs()
        self._there_is_more = asyncio.Event()
        self._briefed = live.START  #: everything up to here has been told in brief
        self._position = live.START  #: everything up to here has been handed out; known while ``_up``
        self._run_id = b""
        self._resets = 0
        self._stopped = False
        self._hearers: Sequence[Hearer] = ()
        self._outage = Outage(log, "Redis is away: streams wait, and go on once it is back", "streams go on")

    @property
    def position(self) -> str | None:
        """The stream id of a change that every read begun from now on shows, and all before it; None when unknown.

        A change is appended to the stream with its document, after its commit: none is handed out here before both
        can be read. While Redis is away it stays; another Redis does not know it, and a stream from there is a reset.
        """
        return self._position if self._run_id else None

    @property
    def behind_s(self) -> int:
        """How old what the copy says may be, as rollups tell; 0 where nothing is behind or nobody can say."""
        return self._progress.seconds

    def feed(self, *hearers: Hearer) -> None:
        """Has these hear of every change, before anybody else does."""
        self._hearers = hearers

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follows the stream while the block runs."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(work, name=name)
                for name, work in (
                    ("stream", self._run()),
                    ("briefs", self._brief()),
                )
            ]
            try:
                yield
            finally:
                self.stop()
                for task in tasks:
                    task.cancel()

    def stop(self) -> None:
        """Ends all streams, so that their clients go to another server."""
        self._stopped = True
        for reader in self._subscribers:
            reader.end(live.STOPPING)

    def check(self) -> None:
        """Whether new clients may come.

        Raises:
            Unavailable: this server stops.
        """
        if self._stopped:
            raise Unavailable("this server stops: connect again, to another one", headers={"Retry-After": "1"})

    async def follow(self, wanted: Wanted, last_id: str | None) -> AsyncIterator[bytes]:
        """The events for one client: those after ``last_id``, or from now on. Ends when it is dropped or we stop."""
        reader = Reader(wanted)
        self._metrics.streams.inc()
        try:
            async for chunk in (self._opening_in_brief if wanted.brief else self._opening)(reader, last_id):
                yield chunk
            while (more := await reader.next(self.heartbeat_s)) is not None:
                # So that a client of few changes does not fall behind the stream's oldest one.
                # While Redis is away, or nobody vouches for it, there is none: who listens can tell that he hears of
                # nothing.
                if more is live.HEARTBEAT and reader.after is None and not reader.unsure and self._vouched:
                    more += live.position(self._briefed if self._briefs and wanted.brief else self._position)
                yield more
        finally:
            self._metrics.streams.dec()
            self._subscribers.discard(reader)

    async def _opening(self, reader: Reader, last_id: str | None) -> AsyncIterator[bytes]:
        """What a client gets before it has joined the others; it has when this ends."""
        with contextlib.suppress(TimeoutError):  # a server that has just started knows its position in a moment
            async with asyncio.timeout(AWAY_S):
                await self._up.wait()
        resets, at, joined = self._resets, last_id, False
        while not joined:
            if self._stopped or not self._up.is_set():
                reader.unsure = True
                self._join(reader)
                yield live.HEARTBEAT
                return
            if at is None:
                self._join(reader)
                yield live.position(self._position)
                return
            try:
                page = await self._missed.page(at, reader.wanted)
            except hot.AWAY:
                yield live.HEARTBEAT
                await asyncio.sleep(AWAY_S)
                continue
            if page is None or resets != self._resets:
                self._join(reader)
                yield live.reset(self._position)
                return
            at = page.last_id
            if live.order(at) >= live.order(self._position):
                joined = True
                reader.after = live.order(at)
                self._join(reader)
            yield page.events or live.position(at)

    async def _opening_in_brief(self, reader: Reader, last_id: str | None) -> AsyncIterator[bytes]:
        """The same in brief: it joins first, and may be told twice, since revisions say what is newer."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AWAY_S):
                await self._up.wait()
        reader.unsure = not self._up.is_set()
        self._join(reader)
        if self._progress.seconds:
            yield live.behind(self._progress.seconds)
        if not reader.unsure and last_id is None:
            yield live.position(self._briefed if self._briefs else self._position)
            return
        missed: bytes | None = None
        try:
            if not reader.unsure and last_id is not None:
                missed = await self._missed.in_brief(last_id)
        except hot.AWAY:
            reader.unsure = True
        yield live.HEARTBEAT if reader.unsure else missed or live.reset(self._position)

    async def _brief(self) -> None:
        """Hands out what has changed: soon after a quiet second, else once a second."""
        loop = asyncio.get_running_loop()
        told_at = loop.time()
        while True:
            await self._there_is_more.wait()
            self._there_is_more.clear()
            await asyncio.sleep(max(briefs.SOON_S, told_at + briefs.EVERY_S - loop.time()))
            told_at = loop.time()
            if self._briefs:
                for _ in self._subscribers.hand_out_in_brief(self._briefs.event(self._position)):
                    self._metrics.streams_dropped.inc()
            self._briefed = self._position

    def _join(self, reader: Reader) -> None:
        self._subscribers.add(reader)
        if self._stopped:
            reader.end(live.STOPPING)

    async def _run(self) -> None:
        while True:
            try:
                await self._connect()
                while True:
                    await self._advance()
                    self._outage.ended()
            except hot.AWAY as error:
                self._outage.began(error)
                self._up.clear()
                self._vouched = False
                await asyncio.sleep(AWAY_S)

    async def _connect(self) -> None:
        """Redis is (again) there; what another Redis was given before may be lost."""
        run_id = (await self._copy.look()).run_id
        if run_id != self._run_id:
            await self._begin_anew()
            if self._run_id:
                self._reset_all()
        self._run_id = run_id
        for reader in self._subscribers:
            if reader.unsure:
                reader.reset(self._position)
        self._up.set()

    async def _advance(self) -> None:
        """Hands out what is new, or waits for it; a stream without our position is another one, or was trimmed."""
        asked_at = time.monotonic()
        found = await self._copy.changes.follow(self._position, PAGE, POLL_S)
        self._vouched = found.fresh_s > 0
        if self._progress.take(found, asked_at):
            for _ in self._subscribers.hand_out_in_brief(live.behind(self._progress.seconds)):
                self._metrics.streams_dropped.inc()
        if not found.is_whole:
            await self._begin_anew()
            self._reset_all()
            return
        changed = [(entry.key, entry.revision) for entry in found.entries]
        for hearer in self._hearers:
            hearer.overtake(changed)
            if found.is_all:
                hearer.confirm(asked_at, found.fresh_s, found.filling)
        if found.entries:
            await self._hand_out(found.entries)

    async def _hand_out(self, found: list[Entry]) -> None:
        documents: dict[str, bytes] = {}
        asked: set[str] = set()
        while wanted := [entry for entry in found if entry.id not in asked and self._subscribers.wants(entry)]:
            documents |= await self._copy.changes.current(wanted)  # clients may come meanwhile, who want more
            asked.update(entry.id for entry in wanted)
        self._position = found[-1].id
        if self._subscribers.in_brief:
            self._briefs.take(found)
            self._there_is_more.set()
        for _ in self._subscribers.hand_out(found, documents):
            self._metrics.streams_dropped.inc()

    async def _begin_anew(self) -> None:
        """What comes from now on is told; what came before was not."""
        self._position = await self._copy.changes.newest() or live.START
        for hearer in self._hearers:
            hearer.forget()

    def _reset_all(self) -> None:
        log.warning("changes may have been missed: every client of the stream is told to read anew")
        self._resets += 1
        self._briefs.clear()
        for reader in self._subscribers:
            reader.reset(self._position)
