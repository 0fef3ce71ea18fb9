"""Hostile records of every form on the topic, restarts and a failing Postgres in between: nothing lost, all once."""

import asyncio
import random

import pytest

from local.stack import Stack
from shared.words import codec
from tests.events import Session
from tests.integration.rollup.parts import Fleet, Raw, Rollup, clock, eventually, publish, rollup, running
from tests.integration.rollup.redrive.test_redrive import records

pytestmark = pytest.mark.usefixtures("redis")

WORDS = ("Available", "Preparing", "Charging", "Finishing")
ROUNDS = 6


def hostile(session: Session, chance: random.Random) -> list[Raw]:
    """Of every kind some; none of them may count, and ``session`` is the charger they pretend to be."""
    true = codec.encode(session.reported(clock(), "Faulted"))
    session.sequence -= 1
    key = session.charge_point_id.encode()
    big = b"9" * 30
    return [
        *((chance.randbytes(9), chance.randbytes(chance.randrange(900)), []) for _ in range(20)),
        (key, chance.randbytes(1_000_000), []),
        (key, b"[" * 100_000, []),
        (key, b'{"kind":"status_reported","v":1,' + b" " * 900_000, []),
        (key, b"x", [("h", b"y" * 900_000)]),
        (key, b"x", [(f"h{n}", b"y") for n in range(5_000)]),
        (None, b"no key", []),
        (key, b"", []),
        (key, None, []),  # a tombstone
        (key, true.replace(b'"Faulted"', b"1e999"), []),
        (key, true.replace(b'"evse_id":1', b'"evse_id":-1'), []),
        (key, true.replace(b'"sequence":', b'"sequence":' + big), []),
        (key, true.replace(b'"epoch":', b'"epoch":-' + big), []),
        (key, true.replace(b'"charge_point_key":', b'"charge_point_key":-' + big), []),
        (key, true.replace(b'"received_at":', b'"received_at":' + big), []),
        (key, true.replace(b'"Faulted"', b'"\\u0000"'), []),
        (key, true.replace(b'"Faulted"', b'"\\ud800"'), []),
        (key, true.replace(b'"Faulted"', b'"' + b"F" * 70_000 + b'"'), []),
        *((key, b"flood %d" % n, []) for n in range(1_000)),
    ]


async def fails(stack: Stack, fleet: Fleet, how: str) -> None:
    """Postgres fails for a while."""
    if how == "killed":
        stack.postgres.kill()
        stack.postgres.start()
    elif how == "frozen":
        stack.postgres.pause()
        await asyncio.sleep(4)
        stack.postgres.resume()
    elif how == "read-only":
        name = await fleet.pool.fetchval("SELECT current_database()")
        await fleet.pool.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await fleet.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rollup'"
        )
        await asyncio.sleep(2)
        await fleet.pool.execute("SET default_transaction_read_only = off")
        async with fleet.pool.acquire() as connection:
            await connection.execute("SET default_transaction_read_only = off")
            await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        await fleet.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rollup'"
        )


@pytest.mark.timeout(300)
async def test_hostile_records_restarts_and_a_failing_postgres_lose_and_double_nothing(
    stack: Stack, database_url: str, topic: str, fleet: Fleet
) -> None:
    chance = random.Random(7)
    good = [await fleet.session(f"CP{number}") for number in range(8)]
    victim = await fleet.session("VICTIM")
    told: list[str] = []
    sent = 0
    group = f"{topic}-group"

    async def is_told(one: Rollup) -> bool:
        return all([await fleet.history(session.key, "STATUS") == told for session in [*good, victim]])

    for number, how in enumerate(["", "killed", "frozen", "read-only", "", "killed"][:ROUNDS]):
        bad = hostile(victim, chance)
        sent += len(bad)
        told.append(WORDS[number % len(WORDS)])
        half = len(bad) // 2
        await publish(stack, topic, *bad[:half])
        await publish(stack, topic, *(session.reported(clock(), told[-1]) for session in [*good, victim]))
        await publish(stack, topic, *bad[half:])
        async with (
            rollup(stack, database_url, topic, group=group, batch_records=300, dead_letter_limit=1_000) as one,
            running(one.consumer.run()),  # and it dies soon
        ):
            await asyncio.sleep(chance.random() * 2)
            await fails(stack, fleet, how)
        async with (
            rollup(stack, database_url, topic, group=group, batch_records=300, dead_letter_limit=1_000) as one,
            running(one.consumer.run()),
        ):
            await eventually(lambda one=one: is_told(one), within_s=60)  # type: ignore[misc]
            await eventually(lambda one=one: one.consumer.lag_s == 0, within_s=60)  # type: ignore[misc]
            assert one.counted("dead_letters_total", {"reason": "unexpected"}) == 0
    assert sent <= await records(stack, f"{topic}.dlq") <= sent + ROUNDS * 600, (
        "twice only what died before its position"
    )
