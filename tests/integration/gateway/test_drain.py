"""Stopping: not ready first, every charger sent away with 1012, everything acked kept, exit 0 in time."""

import asyncio
import json
import os
import signal
import time

import httpx
import pytest

from ingest.gateway.__main__ import FLUSH_S
from local.stack import Stack
from shared.words.event import SessionEnded, StatusReported
from tests.integration.gateway.charger import charging, refusal, status_of
from tests.integration.gateway.conftest import Launch
from tests.integration.gateway.parts import Gateway, Ids, Inventory, Topic, eventually, no_broker

GRACE_S = 30  #: what Kubernetes gives


async def ended(gateway: Gateway, within_s: float = GRACE_S) -> int:
    """Waits for the process; its exit status."""

    async def gone() -> bool:
        return not gateway.alive

    await eventually(gone, within_s)
    assert gateway.status is not None
    return gateway.status


async def test_sigterm_sends_every_charger_away_and_loses_nothing(
    launch: Launch, inventory: Inventory, ids: Ids, topic: Topic
) -> None:
    gateway = launch(DRAIN_S="2")
    names = [next(ids) for _ in range(30)]
    for name in names:
        await inventory.add(name)
    acked: dict[str, list[str]] = {name: [] for name in names}
    let_in = asyncio.Barrier(len(names) + 1)

    async def charge(name: str) -> int:
        async with charging(gateway, name) as charger:
            await let_in.wait()
            sent: dict[str, str] = {}
            number = 0
            try:
                while True:  # reports until it is sent away
                    number += 1
                    info = f"{name}-{number}"
                    sent[await charger.send("StatusNotification", status_of("Charging", info=info))] = info
                    kind, message_id, *_ = await charger.receive()
                    assert kind == 3
                    acked[name].append(sent[message_id])
            except Exception:  # noqa: BLE001  the close, at whatever point it came
                return await charger.closed()

    async with asyncio.TaskGroup() as group:
        chargers = [group.create_task(charge(name)) for name in names]
        await let_in.wait()

        async def busy() -> bool:
            return all(len(infos) >= 3 for infos in acked.values())

        await eventually(busy)
        started = time.monotonic()
        os.kill(gateway.pid, signal.SIGTERM)

        async def unready() -> bool:
            answer = await asyncio.to_thread(gateway.admin, "/readyz")
            return answer.status_code == 503 and answer.json()["dependencies"]["gateway"] == "stopping"

        await eventually(unready)
        assert await refusal(gateway, names[0]) == 503
        assert (await asyncio.to_thread(gateway.admin, "/livez")).status_code == 200
    assert {task.result() for task in chargers} == {1012}
    assert await ended(gateway) == 0
    assert time.monotonic() - started < GRACE_S
    records = await topic.records()
    for name in names:
        events = [record.event for record in records if record.event.charge_point_id == name]
        reported = [event.info for event in events if isinstance(event, StatusReported)]
        assert reported[: len(acked[name])] == acked[name]
        assert len(reported) <= len(acked[name]) + 1  # one may have been stored and its answer cut off
        assert isinstance(events[-1], SessionEnded)
        assert events[-1].reason == "going_away"
    expired = "SELECT expires_at <= now() FROM gateways WHERE id = $1"
    assert await inventory.connection.fetchval(expired, gateway.id)


async def test_a_second_sigterm_and_a_charger_that_ignores_its_close_change_nothing(
    launch: Launch, inventory: Inventory, ids: Ids, topic: Topic
) -> None:
    gateway, polite, deaf = launch(), next(ids), next(ids)
    await inventory.add(polite)
    await inventory.add(deaf)
    async with charging(gateway, polite) as charger, charging(gateway, deaf, close_timeout=0) as other:
        assert (await charger.report("Available"))[0] == 3
        other.socket.transport.pause_reading()
        os.kill(gateway.pid, signal.SIGTERM)
        os.kill(gateway.pid, signal.SIGTERM)
        assert await charger.closed() == 1012
        os.kill(gateway.pid, signal.SIGTERM)
        assert await ended(gateway) == 0
    for charge_point_id in (polite, deaf):
        (event,) = await topic.events(charge_point_id, SessionEnded)
        assert event.reason == "going_away"


async def test_without_a_broker_it_stops_in_time_and_says_what_is_lost(
    launch: Launch, stack: Stack, charge_point: str
) -> None:
    gateway = launch()
    async with charging(gateway, charge_point) as charger:
        assert (await charger.report("Available"))[0] == 3
        with no_broker(stack):
            await charger.send("StatusNotification", status_of("Charging"))
            os.kill(gateway.pid, signal.SIGTERM)
            assert await charger.closed() == 1012
            assert await ended(gateway) == 0
    lines = [json.loads(line) for line in gateway.log.read_text().splitlines()]
    (warning,) = [line for line in lines if line["message"] == "stopping with unacknowledged events"]
    assert warning["frames"] >= 1
    assert FLUSH_S < GRACE_S


async def test_a_broker_that_comes_back_while_the_gateway_stops_gets_everything(
    launch: Launch, stack: Stack, charge_point: str, topic: Topic
) -> None:
    gateway = launch()
    async with charging(gateway, charge_point) as charger:
        assert (await charger.report("Available"))[0] == 3
        with no_broker(stack):
            await charger.send("StatusNotification", status_of("Charging"))
            os.kill(gateway.pid, signal.SIGTERM)
            assert await charger.closed() == 1012
            await charger.socket.wait_closed()

            async def past_the_drain() -> bool:  # no listener any more: what is left is the flush
                try:
                    await refusal(gateway, charge_point)
                except OSError:
                    return True
                return False

            await eventually(past_the_drain)
    assert await ended(gateway) == 0
    events = await topic.events(charge_point)
    assert [type(event).__name__ for event in events] == [
        "SessionBegan",
        "StatusReported",
        "StatusReported",
        "SessionEnded",
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_before_the_broker_ever_answered_it_stops_at_once(launch: Launch, number: signal.Signals) -> None:
    gateway = launch(ready=False, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9")

    async def alive() -> bool:
        try:
            answer = await asyncio.to_thread(gateway.admin, "/readyz")
        except httpx.TransportError:
            return False
        return bool(answer.status_code == 503 and answer.json()["dependencies"]["gateway"] == "starting")

    await eventually(alive)
    os.kill(gateway.pid, number)
    assert await ended(gateway, within_s=5) == 0


async def test_before_postgres_ever_answered_it_stops_at_once(launch: Launch) -> None:
    gateway = launch(ready=False, DATABASE_URL="postgresql://nobody@127.0.0.1:9/nothing")

    async def says_so() -> bool:
        return "Postgres does not answer" in gateway.log.read_text()

    await eventually(says_so)
    os.kill(gateway.pid, signal.SIGTERM)
    assert await ended(gateway, within_s=5) == 0


async def test_while_postgres_hangs_it_stops_in_time(launch: Launch, stack: Stack, charge_point: str) -> None:
    gateway = launch(LEASE_S="3")
    async with charging(gateway, charge_point) as charger:
        assert (await charger.report("Available"))[0] == 3
        stack.postgres.pause()
        try:
            assert await refusal(gateway, "a-stranger", open_timeout=20) == 503
            os.kill(gateway.pid, signal.SIGTERM)
            assert await charger.closed() == 1012
            assert await ended(gateway) == 0
        finally:
            stack.postgres.resume()
