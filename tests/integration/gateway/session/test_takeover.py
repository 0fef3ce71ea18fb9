"""The newest socket of a charge point wins, in one gateway and across two, with Redis and without."""

import asyncio
import json
import time
from contextlib import AsyncExitStack
from unittest.mock import ANY

import pytest
from websockets.frames import Opcode

from local.stack import Stack
from shared.stores import redis_client
from shared.words import gateways
from shared.words.event import SessionBegan, SessionEnded, StatusReported
from shared.words.gateways import Fence
from tests.integration.gateway.charger import charging, status_of
from tests.integration.gateway.conftest import Launch
from tests.integration.gateway.parts import Gateway, Inventory, Topic, eventually
from tests.integration.gateway.wire import OCPP16, wired


@pytest.fixture(scope="module")
def second(launch: Launch) -> Gateway:
    return launch()


async def epochs(topic: Topic, charge_point: str) -> list[int]:
    return [event.epoch for event in await topic.events(charge_point, SessionBegan)]


@pytest.mark.parametrize("across", [False, True], ids=["one gateway", "two gateways"])
async def test_the_newest_socket_wins_and_the_old_one_is_silenced(
    gateway: Gateway, second: Gateway, charge_point: str, topic: Topic, across: bool
) -> None:
    async with charging(gateway, charge_point) as old:
        assert (await old.report("Charging"))[0] == 3
        async with charging(second if across else gateway, charge_point) as new:
            assert (await new.report("Finishing"))[0] == 3
            assert await old.closed() == 1001
            assert (await new.call("Heartbeat", {}))[0] == 3
            assert [event.reported for event in await topic.events(charge_point, StatusReported)] == [
                "Charging",
                "Finishing",
            ]
            first, then = await epochs(topic, charge_point)
            assert then > first
    ended = await eventually(lambda: topic.events(charge_point, SessionEnded))
    assert [(event.epoch, event.reason) for event in ended] == [(then, "closed")]


async def test_frames_that_the_old_socket_sent_late_are_neither_answered_nor_published(
    gateway: Gateway, charge_point: str, topic: Topic
) -> None:
    def frame(message_id: str, status: str) -> tuple[Opcode, bytes]:
        return Opcode.TEXT, json.dumps([2, message_id, "StatusNotification", status_of(status)]).encode()

    async with wired(gateway) as old:  # one that does not answer the close frame and goes on talking
        assert (await old.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        old.send(frame("first", "Charging"))
        assert await old.frame() == (Opcode.TEXT, b'[3,"first",{}]')
        async with charging(gateway, charge_point) as new:
            old.send(frame("late", "Faulted"))
            assert await old.frame() == (Opcode.CLOSE, ANY)
            old.send(frame("later", "Faulted"))
            assert (await new.report("Finishing"))[0] == 3
            assert await old.end() == b""
    assert [event.reported for event in await topic.events(charge_point, StatusReported)] == ["Charging", "Finishing"]


async def test_many_sockets_at_once_leave_one(gateway: Gateway, charge_point: str, topic: Topic) -> None:
    async def come() -> int:
        async with charging(gateway, charge_point) as charger:
            try:
                return await charger.closed(within_s=3)
            except TimeoutError:
                assert (await charger.call("Heartbeat", {}))[0] == 3
                return 0

    outcomes = await asyncio.gather(*(come() for _ in range(8)), return_exceptions=True)
    assert outcomes.count(0) == 1
    began = await epochs(topic, charge_point)
    assert began == sorted(set(began))


async def test_two_devices_with_one_identity_are_recognised_and_slowed_down(
    gateway: Gateway, charge_point: str, topic: Topic
) -> None:
    async with AsyncExitStack() as devices:
        for _ in range(7):  # each evicts the one before
            await devices.enter_async_context(charging(gateway, charge_point))
    conflicts = [event.identity_conflict for event in await topic.events(charge_point, SessionBegan)]
    assert conflicts[:5] == [False] * 5
    assert conflicts[-1]
    assert gateway.metric("plugwatch_gateway_identity_conflicts_total") >= 1


async def known_ahead(inventory: Inventory, charge_point_id: str) -> int:
    """An epoch (ms) an hour ahead of the clock, which gateways know to be the newest."""
    ahead = time.time_ns() // 1_000_000 + 3_600_000
    key = await inventory.connection.fetchval(
        "UPDATE charge_points SET epoch = $2 WHERE id = $1 RETURNING key", charge_point_id, ahead
    )
    await inventory.register(key, "ACCEPTED")  # tells the gateways
    return ahead


async def test_without_redis_a_charger_is_let_in_above_the_registrys_epoch(
    gateway: Gateway, stack: Stack, inventory: Inventory, charge_point: str, topic: Topic
) -> None:
    ahead = await known_ahead(inventory, charge_point)
    stack.redis.pause()
    try:
        async with charging(gateway, charge_point) as charger:
            assert (await charger.report("Available"))[0] == 3
            async with charging(gateway, charge_point) as newer:
                assert (await newer.report("Charging"))[0] == 3
                assert await charger.closed() == 1001
    finally:
        stack.redis.resume()
    assert await epochs(topic, charge_point) == [ahead + 1, ahead + 2]


async def test_sockets_that_wait_for_a_hung_redis_together_get_epochs_of_their_own(
    gateway: Gateway, stack: Stack, inventory: Inventory, charge_point: str, topic: Topic
) -> None:
    await known_ahead(inventory, charge_point)
    stack.redis.pause()
    try:
        async with AsyncExitStack() as sockets, asyncio.TaskGroup() as group:
            dialling = [
                group.create_task(sockets.enter_async_context(charging(gateway, charge_point))) for _ in range(3)
            ]
            await asyncio.wait(dialling)
            newest = next(one.result() for one in reversed(dialling) if one.exception() is None)
            assert (await newest.report("Charging"))[0] == 3
    finally:
        stack.redis.resume()
    began = await epochs(topic, charge_point)
    assert len(began) > 1
    assert began == sorted(set(began)), "the rollup tells sessions apart by their epochs alone"
    (reported,) = await topic.events(charge_point, StatusReported)
    assert reported.epoch == began[-1]


async def test_a_redis_that_was_replaced_is_used_again(
    gateway: Gateway, second: Gateway, stack: Stack, charge_point: str, topic: Topic
) -> None:
    stack.redis.restart()

    async def superseded() -> bool:  # fences are heard again within seconds
        async with charging(gateway, charge_point) as old, charging(second, charge_point):
            try:
                return await old.closed(within_s=0.5) == 1001
            except TimeoutError:
                return False

    await eventually(superseded)
    began = await epochs(topic, charge_point)
    assert began == sorted(set(began))


async def test_a_fence_closes_the_older_session_and_lifts_the_next_epoch(
    gateway: Gateway, stack: Stack, inventory: Inventory, charge_point: str, topic: Topic
) -> None:
    key = await inventory.connection.fetchval("SELECT key FROM charge_points WHERE id = $1", charge_point)
    newest = time.time_ns() // 1_000_000 + 7_200_000  # another clock was two hours ahead
    async with redis_client.client(stack.redis_url) as redis:

        async def publish(told: Fence) -> None:
            await redis.publish(gateways.channel(gateway.id), gateways.encode(told))

        async with charging(gateway, charge_point) as charger:
            (epoch,) = await eventually(lambda: epochs(topic, charge_point))
            await redis.publish(gateways.channel(gateway.id), b"no fence")
            await publish(Fence(key, below=epoch, newest=epoch))  # not about this session
            assert (await charger.report("Available"))[0] == 3
            closed = asyncio.create_task(charger.closed())

            async def told() -> bool:
                await publish(Fence(key, below=newest, newest=newest))
                return closed.done()

            await eventually(told)
            assert await closed == 1001
        async with charging(gateway, charge_point) as charger:
            assert (await charger.report("Available"))[0] == 3
    assert (await epochs(topic, charge_point))[-1] > newest
