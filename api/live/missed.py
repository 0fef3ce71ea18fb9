"""What a client of the change stream has missed, from Redis: page by page, or in brief as one event.

A page is bounded in what is looked at and in the documents that it holds, and so are the clients that read one at the
same time. A change that was overtaken meanwhile is left out, since the newer one is in the stream, too.
"""

import asyncio
from typing import NamedTuple

from api.live import events as live
from shared.stores.changes import Changes, Entry

from .briefs import Briefs
from .events import Wanted

PAGE = 500  #: changes looked at at once
TOLD = 50  #: documents of a page at most
BRIEF_PAGE = 2_000  #: changes looked at at once for a client in brief
BRIEF_PAGES = 10  #: who is behind by more, seconds of a very busy network, reads all anew at less cost
AT_ONCE = 8  #: clients that read their page at the same time


class Page(NamedTuple):
    """Events in the order of the stream, and the stream id of the last change that was looked at for them."""

    last_id: str
    events: bytes


class Missed:
    """What lies in the stream after a change. None where that change is not there any more: then something may be
    missing. Every method may raise one of ``hot.AWAY``."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._reading = asyncio.Semaphore(AT_ONCE)

    async def page(self, last_id: str, wanted: Wanted) -> Page | None:
        """The next page for who had everything up to ``last_id``."""
        found = await self._since(last_id, PAGE)
        if found is None:
            return None
        told = [entry for entry in found if wanted.has(entry)][:TOLD]
        if len(told) == TOLD:
            found = found[: found.index(told[-1]) + 1]
        documents = await self._changes.current(told)
        events = [live.event(entry, documents[entry.id]) for entry in told if entry.id in documents]
        return Page(found[-1].id if found else last_id, b"".join(events))

    async def in_brief(self, last_id: str) -> bytes | None:
        """All of it as one event; None also where that is too much."""
        missed = Briefs()
        for _ in range(BRIEF_PAGES):
            found = await self._since(last_id, BRIEF_PAGE)
            if found is None:
                return None
            missed.take(found)
            last_id = found[-1].id if found else last_id
            if len(found) < BRIEF_PAGE - 1:
                return missed.event(last_id)
        return None

    async def _since(self, stream_id: str, count: int) -> list[Entry] | None:
        """What came after a change that is still in the stream, so that nothing in between is missing; else None."""
        if not live.is_stream_id(stream_id):
            return None
        async with self._reading:
            found = await self._changes.entries(stream_id, count)
        if stream_id == live.START:
            return None if found else []
        return found[1:] if found and found[0].id == stream_id else None
