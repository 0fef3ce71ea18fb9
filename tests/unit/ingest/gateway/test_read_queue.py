"""Who has sent much is read a little at a time, the loop's other work between."""

import asyncio
import time

from ingest.gateway.session.read_queue import TURN_S, ReadQueue


class Talker:
    """Has so many frames to be read, each takes its time."""

    def __init__(self, name: str, frames: int, turns: ReadQueue, read: list[str], takes_s: float = 0) -> None:
        self._name, self._frames, self._turns, self._read, self._takes_s = name, frames, turns, read, takes_s

    def read_on(self) -> None:
        stop = time.monotonic() + self._takes_s
        while time.monotonic() < stop:
            pass
        self._read.append(self._name)
        self._frames -= 1
        if self._frames:
            self._turns.add(self)


async def test_they_are_read_one_after_another_until_none_has_more() -> None:
    turns, read = ReadQueue(), list[str]()
    for name, frames in (("a", 3), ("b", 1), ("c", 2)):
        turns.add(Talker(name, frames, turns, read))
    assert not read
    async with asyncio.timeout(5):
        while len(read) < 6:  # noqa: ASYNC110  the turns of the loop are what is looked at
            await asyncio.sleep(0)
    assert read == ["a", "b", "c", "a", "c", "a"]


async def test_however_many_they_are_the_loop_turns() -> None:
    turns, read, between = ReadQueue(), list[str](), 0
    for n in range(100):
        turns.add(Talker(str(n), 1, turns, read, takes_s=TURN_S / 2))
    async with asyncio.timeout(5):
        while len(read) < 100:
            await asyncio.sleep(0)
            between += 1
    assert between >= 30
