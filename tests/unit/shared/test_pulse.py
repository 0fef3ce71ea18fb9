"""Whoever waits is watched, also after a time in which nobody did."""

import asyncio

from shared.stores.pulse import LOOK_S, Pulse


async def test_who_comes_after_a_pause_is_cut_off_from_a_frozen_server() -> None:
    watched, cut_off = Pulse("a server", asyncio.Event().wait), asyncio.Event()
    watching = asyncio.create_task(watched.run())
    with watched.waiting(lambda: None):
        await asyncio.sleep(0)
    await asyncio.sleep(2 * LOOK_S)  # it has seen that nobody waits
    with watched.waiting(cut_off.set):
        async with asyncio.timeout(20):
            await cut_off.wait()
    watching.cancel()
