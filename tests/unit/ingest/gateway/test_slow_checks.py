"""Slow password checks: bounded, in turn by address, none for who is gone, and over at once when the gateway stops."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from ingest.gateway.handshake.slow_checks import AT_ONCE, WAITING, Gone, Overloaded, SlowChecks
from shared.credentials import passwords

CHOSEN = "correct:horse"
STORED = passwords.hashed(CHOSEN)


@pytest.fixture
async def checks() -> AsyncIterator[SlowChecks]:
    made = SlowChecks()
    yield made
    made.close()


@pytest.fixture
async def knock(checks: SlowChecks) -> AsyncIterator[Callable[..., "asyncio.Task[bool]"]]:
    """Starts a check from an address."""
    tasks = []

    def started(address: str, password: str = "wrong", gone: bool = False) -> "asyncio.Task[bool]":
        tasks.append(asyncio.create_task(checks.matches(STORED, password.encode(), address, lambda: gone)))
        return tasks[-1]

    yield started
    checks.close()
    await asyncio.gather(*tasks, return_exceptions=True)


Knock = Callable[..., "asyncio.Task[bool]"]


async def outcome(task: "asyncio.Task[bool]") -> object:
    (found,) = await asyncio.gather(task, return_exceptions=True)
    return found


async def test_right_is_right_and_wrong_is_wrong(knock: Knock) -> None:
    assert await knock("a", CHOSEN) is True
    assert await knock("a") is False


async def test_what_cannot_be_compared_is_the_callers_error(checks: SlowChecks) -> None:
    with pytest.raises(ValueError, match="hex"):
        await checks.matches("scrypt$no-hex$", b"x", "a", lambda: False)
    assert await checks.matches(STORED, CHOSEN.encode(), "a", lambda: False)


async def test_beyond_the_bound_nobody_waits(knock: Knock) -> None:
    tasks = [knock("a") for _ in range(AT_ONCE + WAITING + 10)]
    await asyncio.sleep(0)
    refused = [task for task in tasks if task.done()]
    assert len(refused) == 10
    assert [type(await outcome(task)) for task in refused] == [Overloaded] * 10


async def test_who_is_gone_is_not_checked_and_takes_no_place(knock: Knock) -> None:
    dead = [knock("a", gone=True) for _ in range(600)]
    assert await knock("a", CHOSEN) is True
    assert {type(await outcome(task)) for task in dead} == {Gone}


async def test_addresses_take_turns(checks: SlowChecks) -> None:
    turns: list[str] = []

    async def knocks(address: str) -> None:
        def has_its_turn() -> bool:
            turns.append(address)
            return False

        await checks.matches(STORED, b"wrong", address, has_its_turn)

    async with asyncio.TaskGroup() as group:
        flood = [group.create_task(knocks("bad")) for _ in range(WAITING)]
        await asyncio.sleep(0)
        await knocks("good")
        for task in flood:
            task.cancel()
    assert turns.index("good") <= AT_ONCE + 1


async def test_who_has_most_waiting_makes_room(knock: Knock) -> None:
    flood = [knock("bad") for _ in range(AT_ONCE + WAITING)]
    await asyncio.sleep(0)
    assert await knock("good", CHOSEN) is True
    assert type(await outcome(flood[-1])) is Overloaded
    assert await outcome(flood[AT_ONCE]) is False


async def test_many_addresses_do_not_push_each_other_out(knock: Knock) -> None:
    waiting = [knock(f"a{n}") for n in range(AT_ONCE + WAITING)]
    await asyncio.sleep(0)
    assert type(await outcome(knock("one more"))) is Overloaded
    assert not any(task.done() and task.exception() for task in waiting)


async def test_the_loop_goes_on_meanwhile(knock: Knock) -> None:
    tasks = [knock(f"a{n}") for n in range(20)]
    turns = 0
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        turns += 1
    assert turns > 100 * len(tasks)


async def test_closed_it_lets_all_go_at_once(checks: SlowChecks, knock: Knock) -> None:
    tasks = [knock(f"a{n % 7}") for n in range(AT_ONCE + WAITING)]
    await asyncio.sleep(0)
    checks.close()
    checks.close()
    await asyncio.sleep(0)
    assert sum(not task.done() for task in tasks) <= AT_ONCE, "those that run are let to end"
    assert [await outcome(task) for task in tasks].count(False) <= AT_ONCE
    assert type(await outcome(knock("late", CHOSEN))) is Overloaded


async def test_a_cancelled_check_leaves_the_others_alone(knock: Knock) -> None:
    tasks = [knock("a") for _ in range(6)]
    await asyncio.sleep(0)
    for task in tasks[:5]:
        task.cancel()
    assert await tasks[5] is False
    assert await knock("a", CHOSEN) is True
