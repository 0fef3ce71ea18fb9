"""Sees with the API's eyes, on its stream: how long a status took from when it fell due."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlencode

from loadtest.benchmarks.clients.charger import Charger
from loadtest.servers.system import System
from loadtest.stream.sightings import Expected, Sightings
from loadtest.stream.sse import Blocks

PATIENCE_S = 20


class Witness:
    """Watches some charge points; ``took_s`` grows by each of their statuses that is seen."""

    def __init__(self, watched: Sequence[str]) -> None:
        self._watched = frozenset(watched)
        self._sightings = Sightings()
        self.took_s: list[float] = []

    def say(self, charger: Charger, due: float) -> None:
        """The charger's next status, which is waited for when the charger is watched."""
        reported_at = charger.next_status() / 1000
        if charger.identity in self._watched:
            self._sightings.expect((charger.identity, 1, 1), Expected(reported_at, due))

    async def follow(self, reader: asyncio.StreamReader) -> None:
        """Reads the stream until it is cancelled."""
        blocks = Blocks()
        while data := await reader.read(65_536):
            now = time.perf_counter()
            for block in blocks.feed(data):
                if block.event == "charge_point":
                    self.took_s += self._sightings.see(json.loads(block.data)["document"], now)

    async def all_seen(self) -> int:
        """Waits until nothing is waited for; how many charge points of those that were not shown there are."""
        deadline = time.monotonic() + PATIENCE_S
        while self._sightings.charge_points and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        return len(self._sightings.charge_points)


@contextlib.asynccontextmanager
async def watching(system: System, watched: Sequence[str]) -> AsyncIterator[Witness]:
    """A witness on the API's stream while the block runs."""
    witness = Witness(watched)
    reader, writer = await asyncio.open_connection("127.0.0.1", system.api_port)
    wanted = urlencode({"charge_point_id": list(watched), "event": ["charge_point"]}, doseq=True)
    head = f"GET /v1/stream?{wanted} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {system.token}\r\n\r\n"
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(answer.decode(errors="replace"))
    following = asyncio.create_task(witness.follow(reader))
    try:
        yield witness
    finally:
        following.cancel()
        writer.close()
