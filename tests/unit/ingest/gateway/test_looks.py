"""What is due of thousands of connections does not stop the loop, and nobody is looked at who rests or has gone."""

import asyncio
from itertools import pairwise
from math import inf

from ingest.gateway.session.looks import LOOKS_A_TURN, look_at


class Socket:
    def __init__(self, due_at: float) -> None:
        self.due_at = due_at
        self.pulses: list[float] = []

    def pulse(self, now: float) -> None:
        self.pulses.append(now)
        self.due_at = inf


async def test_the_loop_turns_between_a_few_hundred_of_them() -> None:
    sockets, seen = [Socket(0) for _ in range(10 * LOOKS_A_TURN)], [0]

    async def watch() -> None:
        while True:
            seen.append(sum(bool(one.pulses) for one in sockets))
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    await look_at(sockets, 7)
    watching.cancel()
    seen.append(len(sockets))
    assert max(after - before for before, after in pairwise(seen)) == LOOKS_A_TURN
    assert all(one.pulses == [7] for one in sockets)


async def test_who_rests_is_passed_over() -> None:
    sockets = [Socket(6), Socket(7), Socket(7.1)]
    await look_at(sockets, 7)
    assert [one.pulses for one in sockets] == [[7], [7], []]


async def test_who_has_gone_meanwhile_is_passed_over_and_who_came_is_not_missed_for_good() -> None:
    sockets = {Socket(0) for _ in range(2 * LOOKS_A_TURN)}
    looking = asyncio.create_task(look_at(sockets, 7))
    await asyncio.sleep(0)
    gone = next(one for one in sockets if not one.pulses)
    gone.due_at = inf  # as a socket that is closed
    sockets.discard(gone)
    sockets.add(new := Socket(0))
    await looking
    assert (gone.pulses, new.pulses) == ([], [])
    await look_at(sockets, 8)
    assert new.pulses == [8]
