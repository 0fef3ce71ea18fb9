"""A client of /v1/stream, on a socket of its own, cheap enough for hundreds in one process; and what it is told of."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from api.live import events as live
from shared.http.connection import Limits
from shared.http.server import serving
from shared.stores.hot import Change, HotCopy
from tests.integration.api.served import READ, Api, eventually

_revisions = itertools.count(1_000)
numbers = itertools.count()


def change(station: str = "S1", charge_point: str | None = "CP1", document: bytes | None = b'{"a":1}') -> Change:
    """The next change of a thing."""
    kind = "station" if charge_point is None else "charge_point"
    revision = next(_revisions)
    return Change(kind, station, charge_point, revision, f'"1.{revision}"', document)  # type: ignore[arg-type]


async def there(api: Api, stations: Sequence[str], charge_points: Sequence[str] = ()) -> None:
    """Has Postgres know them, and tells nobody."""
    for table, ids in (("stations", stations), ("charge_points", charge_points)):
        name, value = ("name", "''") if table == "stations" else ("document", "'{}'")
        query = f"INSERT INTO {table} (id, {name}) SELECT id, {value} FROM unnest($1::text[]) AS given(id)"
        await api.pool.execute(query, ids)


async def settled(api: Api) -> None:
    """Waits until the stream has handed out all there is."""

    async def handed_out() -> bool:
        return bool(api.stream._position == (await api.copy.changes.newest() or live.START))

    await eventually(handed_out)


async def publish(copy: HotCopy, n: int) -> list[int | None]:
    """``n`` changes of as many charge points; returns their revisions."""
    changes = [change(charge_point=f"CP-{next(numbers)}") for _ in range(n)]
    await copy.publish(changes)
    return [one.revision for one in changes]


def at_least(n: int) -> "Callable[[Listener], bool]":
    """Whether so much was told."""
    return lambda listener: len(listener.told) >= n


@contextlib.asynccontextmanager
async def served(api: Api) -> AsyncIterator[int]:
    """The application on a port, its stream running."""
    stream, limits = api.stream, Limits(connections=1000)
    async with stream.running(), serving(api.app, "127.0.0.1", 0, limits) as port:
        yield port
        stream.stop()


@dataclass(frozen=True)
class Told:
    """One event as a client gets it; ``raw`` is its data as sent."""

    id: str
    event: str
    raw: bytes

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw)
        return found

    @property
    def revision(self) -> int | None:
        revision: int | None = self.data["revision"]
        return revision


class Listener:
    """An open stream: everything it was told, the comments, and the last id it saw."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: int, head: bytes) -> None:
        self.status = status
        self.head = head
        self.told: list[Told] = []
        self.comments: list[str] = []
        self.positions = 0  #: blocks with an id, so far
        self.last_id = ""
        self.ended = asyncio.Event()
        self._reader = reader
        self._writer = writer

    async def listen(self) -> None:
        """Reads until the stream ends."""
        buffer = b""
        try:
            while (line := await self._reader.readline()) and (size := int(line, 16)):
                buffer += (await self._reader.readexactly(size + 2))[:-2]
                *blocks, buffer = buffer.split(b"\n\n")
                for block in blocks:
                    self._take(block)
        except (OSError, asyncio.IncompleteReadError):
            pass
        self.ended.set()

    def _take(self, block: bytes) -> None:
        fields: dict[bytes, bytes] = {}
        for line in block.split(b"\n"):
            name, _, value = line.partition(b":")
            if name:
                fields[name] = value.removeprefix(b" ")
            else:
                self.comments.append(value.decode().strip())
        self.positions += b"id" in fields
        self.last_id = fields.get(b"id", self.last_id.encode()).decode()
        if b"data" in fields:
            self.told.append(Told(self.last_id, fields[b"event"].decode(), fields[b"data"]))

    @property
    def events(self) -> list[str]:
        return [told.event for told in self.told]

    @property
    def revisions(self) -> list[int | None]:
        return [told.revision for told in self.told if told.event != "reset"]

    async def until(self, happens: "Callable[[Listener], bool]", within_s: float = 10) -> None:
        """Waits until what was told is so."""
        async with asyncio.timeout(within_s):
            while not happens(self):
                assert not self.ended.is_set() or happens(self), f"ended before: {self.events[-5:]} {self.comments}"
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def listening(
    port: int, query: str = "", *, last_id: str | None = None, token: str = READ, reads: bool = True
) -> AsyncIterator[Listener]:
    """A stream that is open, and has joined unless ``reads`` is false."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    headers = f"Host: plugwatch\r\nAuthorization: Bearer {token}\r\n"
    if last_id is not None:
        headers += f"Last-Event-ID: {last_id}\r\n"
    writer.write(f"GET /v1/stream{query} HTTP/1.1\r\n{headers}\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    listener = Listener(reader, writer, int(head.split(b" ", 2)[1]), head)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(listener.listen()) if reads else None
        try:
            if reads and listener.status == 200:
                await listener.until(lambda one: bool(one.last_id or one.comments or one.told))
            yield listener
        finally:
            if task is not None:
                task.cancel()
            writer.transport.abort()
