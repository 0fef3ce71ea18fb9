"""Intents and chargers as they are: power cuts, answers that come late or while the broker is away."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from local.stack import Stack
from tests.integration.api.operated import Ingest, ingesting, new_id
from tests.integration.api.served import Api
from tests.integration.gateway.parts import eventually, no_broker
from tests.scripted_charger import DIALECTS, Behaviour, Payload, Place, ScriptedCharger, is_silent, scripted

TWO: dict[Place, str] = {(1, 1): "Available", (2, 1): "Available"}
ANSWER_S = 1


@pytest.fixture(scope="module")
def running(stack: Stack, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    """Gateways that soon give up the broker, and answers of chargers."""
    directory = tmp_path_factory.mktemp("intents")
    with ingesting(stack, database_url, directory, ACK_DEADLINE_S="2", COMMAND_ANSWER_S=f"{ANSWER_S}") as ingest:
        yield ingest


@asynccontextmanager
async def booted(ingest: Ingest, cp: str, dialect: str, **behaviours: Behaviour) -> AsyncIterator[ScriptedCharger]:
    """It has booted with all its connectors Available."""
    async with scripted(ingest.gateways[0].url(cp), dialect, TWO, **behaviours) as charger:
        assert await charger.boot() == "Accepted"
        await charger.report_all()
        yield charger


async def intend(api: Api, charge_point_id: str, operative: bool) -> Any:
    answer = await api.client.put(f"/v1/charge-points/{charge_point_id}/availability", json={"operative": operative})
    return answer.json()["results"][0]["result"]


async def shows(api: Api, charge_point_id: str, *statuses: str) -> None:
    async def shown() -> bool:
        document = (await api.client.get(f"/v1/charge-points/{charge_point_id}")).json()
        return [evse["status"] for evse in document["evses"]] == list(statuses)

    await eventually(shown, 20)


async def asked_once(charger: ScriptedCharger) -> None:
    async def asked() -> bool:
        return len(charger.was_asked("ChangeAvailability")) == 1

    await eventually(asked, 10)


async def answered(api: Api, charge_point_id: str) -> str:
    """What the charger said to the intent, once that is in Postgres."""

    async def result() -> Any:
        return await api.pool.fetchval(
            "SELECT i.result FROM intents i JOIN charge_points c ON c.key = i.charge_point_key WHERE c.id = $1",
            charge_point_id,
        )

    return str(await eventually(result, 20))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("word", ["Accepted", "Scheduled"])
async def test_what_was_agreed_is_asked_again_after_a_power_cut_that_forgot_it(
    api: Api, running: Ingest, dialect: str, word: str
) -> None:
    def agrees(payload: Payload) -> Payload:
        return {"status": word}

    cp = new_id()
    await api.station("S1", cp)
    async with booted(running, cp, dialect, ChangeAvailability=agrees) as charger:
        await shows(api, cp, "AVAILABLE", "AVAILABLE")
        assert await intend(api, cp, operative=False) == word
        if word == "Accepted":
            await charger.report(1, 1, "Unavailable")
            await charger.report(2, 1, "Unavailable")
            await shows(api, cp, "UNAVAILABLE", "UNAVAILABLE")
    async with booted(running, cp, dialect) as charger:
        await asked_once(charger)
        await shows(api, cp, "UNAVAILABLE", "UNAVAILABLE")
    async with booted(running, cp, dialect) as charger:
        await asked_once(charger)  # and after the next one
        await shows(api, cp, "UNAVAILABLE", "UNAVAILABLE")
        assert await intend(api, cp, operative=True) == "Accepted"
        await shows(api, cp, "AVAILABLE", "AVAILABLE")
    async with booted(running, cp, dialect) as charger:
        assert (await charger.call("Heartbeat", {}))[0] == 3
        await asyncio.sleep(1.5)  # two pulses, in which it would have been asked
        assert charger.was_asked("ChangeAvailability") == [], "the operator has taken it back"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_charger_that_remembers_is_left_alone(api: Api, running: Ingest, dialect: str) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with booted(running, cp, dialect):
        await shows(api, cp, "AVAILABLE", "AVAILABLE")
        assert await intend(api, cp, operative=False) == "Accepted"
        await shows(api, cp, "UNAVAILABLE", "UNAVAILABLE")
    out = dict.fromkeys(TWO, "Unavailable")
    async with scripted(running.gateways[0].url(cp), dialect, out) as charger:
        assert await charger.boot() == "Accepted"
        await charger.report_all()
        await asyncio.sleep(1.5)  # two pulses, in which it would have been asked
        assert charger.asked == []


async def test_an_answer_that_comes_after_it_was_given_up_counts(api: Api, running: Ingest) -> None:
    async def late(dialect: str) -> str:
        cp = new_id()
        await api.station(f"S-{dialect}", cp)
        async with booted(running, cp, dialect, ChangeAvailability=is_silent) as charger:
            await shows(api, cp, "AVAILABLE", "AVAILABLE")
            assert await intend(api, cp, operative=False) == "TimedOut"
            (asked,) = [one for one in charger.asked if one.action == "ChangeAvailability"]
            assert time.monotonic() - asked.at > 2 * ANSWER_S, "it was given up"
            await charger.answer(asked, {"status": "Scheduled"})
            return await answered(api, cp)

    assert await asyncio.gather(*map(late, DIALECTS)) == ["Scheduled"] * len(DIALECTS)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_answer_while_the_broker_is_away_is_not_lost(
    api: Api, running: Ingest, stack: Stack, dialect: str
) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with booted(running, cp, dialect, ChangeAvailability=is_silent) as charger:
        await shows(api, cp, "AVAILABLE", "AVAILABLE")
        intending = asyncio.create_task(intend(api, cp, operative=False))
        await asked_once(charger)
        with no_broker(stack):
            assert (await charger.report(1, 1, "Faulted"))[:1] == [4]  # in flight: what comes behind it is not sent yet
            await charger.answer(charger.asked[0], {"status": "Accepted"})
            kind, _, code, *_ = await charger.report(1, 1, "Unavailable")
            assert (kind, code) == (4, "InternalError")
        assert await answered(api, cp) == "Accepted"
        await intending
