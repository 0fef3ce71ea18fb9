"""Answers of chargers that come late, early, behind others, or before the charger knows that it is accepted."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest

from local.stack import Stack
from tests.integration.api.operated import Ingest, ingesting, new_id
from tests.integration.api.served import Api, eventually
from tests.integration.gateway.parts import no_broker
from tests.scripted_charger import DIALECTS, Behaviour, ScriptedCharger, is_silent, scripted

UNLOCK = {"evse_id": 1, "connector_id": 1}
SOON_S = 5
pytestmark = pytest.mark.parametrize("dialect", DIALECTS)


@pytest.fixture(scope="module")
def quick(stack: Stack, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    """Gateways that give a command up after a second."""
    with ingesting(stack, database_url, tmp_path_factory.mktemp("answers"), COMMAND_ANSWER_S="1") as running:
        yield running


@asynccontextmanager
async def connected(
    api: Api, ingest: Ingest, dialect: str, *, registration: str = "ACCEPTED", **behaviours: Behaviour
) -> AsyncIterator[tuple[str, ScriptedCharger]]:
    """A charge point whose charger has booted, and is known to be here."""
    cp = new_id()
    await api.station("S1", cp)
    await api.client.patch(f"/v1/charge-points/{cp}", json={"registration": registration})
    async with scripted(ingest.gateways[0].url(cp), dialect, None, **behaviours) as charger:
        assert (await charger.boot()).upper() == registration
        if registration == "ACCEPTED":
            await charger.report_all()

        async def is_known() -> bool:
            query = "SELECT connectivity = 'ONLINE' AND closed_at IS NULL FROM charge_points WHERE id = $1"
            return bool(await api.pool.fetchval(query, cp))

        await eventually(is_known, 15)
        yield cp, charger


async def command(api: Api, charge_point_id: str, what: str, body: Mapping[str, object]) -> httpx.Response:
    return await api.client.post(f"/v1/charge-points/{charge_point_id}/{what}", json=body, timeout=30)


async def was_asked(charger: ScriptedCharger, action: str, times: int = 1) -> None:
    async def asked() -> bool:
        return len(charger.was_asked(action)) >= times

    await eventually(asked, 10)


async def result(api: Api, charge_point_id: str) -> object:
    query = "SELECT i.result FROM intents i JOIN charge_points c ON c.key = i.charge_point_key WHERE c.id = $1"
    return await api.pool.fetchval(query, charge_point_id)


async def test_the_answer_to_the_newer_try_of_an_intent_decides(api: Api, quick: Ingest, dialect: str) -> None:
    async with connected(api, quick, dialect, ChangeAvailability=is_silent) as (cp, charger):
        path = f"/v1/charge-points/{cp}/availability"
        intending = asyncio.create_task(api.client.put(path, json={"operative": False}))
        await was_asked(charger, "ChangeAvailability")
        await charger.boot()
        await was_asked(charger, "ChangeAvailability", 2)
        first, second = (one for one in charger.asked if one.action == "ChangeAvailability")
        await charger.answer(second, {"status": "Accepted"})
        await charger.answer(first, {"status": "Rejected"})
        assert (await intending).json()["results"][0]["result"] == "Accepted"
        await charger.report(1, 1, "Unavailable")  # it is behind the answers

        async def shown() -> bool:
            document = (await api.client.get(f"/v1/charge-points/{cp}")).json()
            return bool(document["evses"][0]["status"] == "UNAVAILABLE")

        await eventually(shown, 15)
        assert await result(api, cp) == "Accepted"


@pytest.mark.parametrize("held", [0, 2], ids=["at once", "behind more CALLs"])
async def test_an_answer_passes_the_calls_that_wait_for_the_broker(
    api: Api, quick: Ingest, stack: Stack, dialect: str, held: int
) -> None:
    async with connected(api, quick, dialect) as (cp, charger):
        with no_broker(stack):
            waiting = [asyncio.create_task(charger.report(1, 1, "Faulted"))]
            await asyncio.sleep(0)
            waiting += [asyncio.create_task(charger.call("Heartbeat", {})) for _ in range(held)]
            await asyncio.sleep(0.2)
            began = time.monotonic()
            unlocked = await command(api, cp, "unlock", UNLOCK)
            assert (unlocked.status_code, time.monotonic() - began < SOON_S) == (200, True)
            assert not any(one.done() for one in waiting)
        assert [(await one)[0] for one in waiting] == [3] * (1 + held)


async def test_the_answer_to_an_intent_passes_too_and_is_durable_behind_what_waited(
    api: Api, quick: Ingest, stack: Stack, dialect: str
) -> None:
    async with connected(api, quick, dialect, ChangeAvailability=lambda _: {"status": "Scheduled"}) as (cp, charger):
        with no_broker(stack):
            waiting = asyncio.create_task(charger.report(1, 1, "Faulted"))
            await asyncio.sleep(0.2)
            path = f"/v1/charge-points/{cp}/availability"
            intending = asyncio.create_task(api.client.put(path, json={"operative": False}))
            await was_asked(charger, "ChangeAvailability")
            began = time.monotonic()
            assert (await command(api, cp, "unlock", UNLOCK)).status_code == 200
            assert time.monotonic() - began < SOON_S, "the intent is answered, so that this has its turn"
        assert (await waiting)[0] == 3
        await intending

        async def answered() -> bool:
            return await result(api, cp) == "Scheduled"

        await eventually(answered, 10)


@pytest.mark.parametrize("before", ["PENDING", "REJECTED"])
async def test_who_is_accepted_by_a_change_is_sent_nothing_but_a_trigger_of_its_boot_until_it_knows(
    api: Api, quick: Ingest, dialect: str, before: str
) -> None:
    async with connected(api, quick, dialect, registration=before) as (cp, charger):
        await api.client.patch(f"/v1/charge-points/{cp}", json={"registration": "ACCEPTED"})
        path = f"/v1/charge-points/{cp}/availability"
        intending = asyncio.create_task(api.client.put(path, json={"operative": False}))
        unlock = asyncio.create_task(command(api, cp, "unlock", UNLOCK))
        await asyncio.sleep(1.5)  # two pulses, and a change of the inventory acts within a second
        assert charger.asked == []
        assert (await command(api, cp, "trigger", {"message": "BootNotification"})).status_code == 200
        assert [one.action for one in charger.asked] == ["TriggerMessage"]
        assert await charger.boot() == "Accepted"
        assert (await unlock).status_code == 200
        await intending
        await was_asked(charger, "ChangeAvailability")


async def test_a_restart_is_seen_soon_after_a_boot_that_came_before_the_answer_to_its_trigger(
    api: Api, quick: Ingest, stack: Stack, dialect: str
) -> None:
    async with connected(api, quick, dialect, TriggerMessage=is_silent, Reset=is_silent) as (cp, charger):
        trigger = asyncio.create_task(command(api, cp, "trigger", {"message": "BootNotification"}))
        await was_asked(charger, "TriggerMessage")
        assert await charger.boot() == "Accepted"
        await charger.answer(charger.asked[-1], {"status": "Accepted"})
        assert (await trigger).json()["status"] == "Accepted"
        reset = asyncio.create_task(command(api, cp, "reset", {"kind": "immediate"}))
        await was_asked(charger, "Reset")
        assert await charger.boot() == "Accepted"
        answer = await reset
        assert (answer.status_code, "restarted" in answer.json()["detail"]) == (504, True)


@pytest.mark.parametrize("place", ["evses/2", "connectors/2/1"])
async def test_what_was_asked_of_a_place_goes_with_it(api: Api, quick: Ingest, dialect: str, place: str) -> None:
    async with connected(api, quick, dialect, ChangeAvailability=is_silent) as (cp, charger):
        await charger.report(2, 1, "Available")

        async def shown() -> bool:
            return len((await api.client.get(f"/v1/charge-points/{cp}")).json()["evses"]) == 2

        await eventually(shown, 15)
        path = f"/v1/charge-points/{cp}/{place}/availability"
        intending = asyncio.create_task(api.client.put(path, json={"operative": False}))
        await was_asked(charger, "ChangeAvailability")
        assert (await api.client.delete(f"/v1/charge-points/{cp}/connectors/2/1")).status_code == 204
        await intending
        assert await api.pool.fetchval("SELECT count(*) FROM intents") == 0
        asked = len(charger.was_asked("ChangeAvailability"))
        await asyncio.sleep(1)  # a change of the inventory acts within a second
        await charger.boot()
        await asyncio.sleep(1)  # two pulses, in which it would have been asked
        assert len(charger.was_asked("ChangeAvailability")) == asked
