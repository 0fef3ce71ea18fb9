"""Commands have a deadline: what was not sent by then is never sent, and whoever asked knows whether it was."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest

from local.stack import Stack
from tests.integration.api.operated import Ingest, ingesting, new_id
from tests.integration.api.served import Api, eventually
from tests.integration.gateway.parts import no_broker
from tests.scripted_charger import DIALECTS, Behaviour, ScriptedCharger, is_silent, scripted

UNLOCK = {"evse_id": 1, "connector_id": 1}
TIMEOUT_S, ANSWER_S = 3.0, 4.0
pytestmark = pytest.mark.parametrize("dialect", DIALECTS)


@pytest.fixture
def api(build: Callable[..., Api]) -> Api:
    """It waits for chargers for less long than others do."""
    return build(command_timeout_s=TIMEOUT_S)


@pytest.fixture(scope="module")
def ingest(stack: Stack, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    """Its gateways give the broker and a charger's answer up after seconds."""
    directory = tmp_path_factory.mktemp("deadlines")
    with ingesting(stack, database_url, directory, COMMAND_ANSWER_S=f"{ANSWER_S}", ACK_DEADLINE_S="2") as running:
        yield running


async def command(api: Api, charge_point_id: str, what: str, body: Mapping[str, object]) -> httpx.Response:
    return await api.client.post(f"/v1/charge-points/{charge_point_id}/{what}", json=body, timeout=30)


async def known(api: Api, charge_point_id: str) -> None:
    """Waits until the API knows that it is connected."""

    async def is_known() -> bool:
        query = "SELECT connectivity = 'ONLINE' AND closed_at IS NULL FROM charge_points WHERE id = $1"
        return bool(await api.pool.fetchval(query, charge_point_id))

    await eventually(is_known, 15)


async def until(happens: Callable[[], object], within_s: float = 15) -> None:
    async def happened() -> bool:
        return bool(happens())

    await eventually(happened, within_s)


@asynccontextmanager
async def connected(
    api: Api, ingest: Ingest, dialect: str, *, boots: bool = True, **behaviours: Behaviour
) -> AsyncIterator[tuple[str, ScriptedCharger]]:
    """A charge point whose charger is connected, and known to be."""
    cp = new_id()
    await api.station("S1", cp)
    async with scripted(ingest.gateways[0].url(cp), dialect, None, **behaviours) as charger:
        if boots:
            assert await charger.boot() == "Accepted"
            await charger.report_all()
        await known(api, cp)
        yield cp, charger


async def test_behind_one_that_is_not_answered_the_next_is_told_in_time_and_never_sent(
    api: Api, ingest: Ingest, dialect: str
) -> None:
    async with connected(api, ingest, dialect, Reset=is_silent) as (cp, charger):
        reset = asyncio.create_task(command(api, cp, "reset", {"kind": "graceful"}))
        await until(lambda: charger.was_asked("Reset"))
        began = time.monotonic()
        unlock = await command(api, cp, "unlock", UNLOCK)
        assert time.monotonic() - began < TIMEOUT_S
        assert (unlock.status_code, unlock.headers["Retry-After"]) == (503, "5")
        assert "was not sent" in unlock.json()["detail"]
        assert "not answered Reset" in unlock.json()["detail"]
        assert (await reset).status_code == 504, "this one was sent"
        # ANSWER_S after the reset another command has its turn: the one that is asked for then, not one that waited.

        async def answered() -> bool:
            return (await command(api, cp, "trigger", {"message": "Heartbeat"})).status_code == 200

        await eventually(answered, ANSWER_S + 6)
        assert charger.was_asked("UnlockConnector") == []
        audited = (await api.client.get("/v1/audit", params={"charge_point_id": cp})).json()["items"]
        assert "command.unlock" not in {entry["action"] for entry in audited}, "it never happened"


async def test_a_charger_that_leaves_before_it_answers_was_asked(api: Api, ingest: Ingest, dialect: str) -> None:
    async with connected(api, ingest, dialect, Reset=is_silent) as (cp, charger):
        reset = asyncio.create_task(command(api, cp, "reset", {"kind": "immediate"}))
        await until(lambda: charger.was_asked("Reset"))
        await charger.socket.close()
        answer = await reset
    assert answer.status_code == 504
    assert "it was sent" in answer.json()["detail"]
    entry = (await api.client.get("/v1/audit", params={"charge_point_id": cp})).json()["items"][0]
    assert (entry["action"], entry["after"]["error"]) == ("command.reset", "left")


async def test_a_boot_ends_what_was_under_way_and_the_next_is_sent_at_once(
    api: Api, ingest: Ingest, dialect: str
) -> None:
    async with connected(api, ingest, dialect, Reset=is_silent) as (cp, charger):
        reset = asyncio.create_task(command(api, cp, "reset", {"kind": "immediate"}))
        await until(lambda: charger.was_asked("Reset"))
        assert await charger.boot() == "Accepted"
        answer = await reset
        assert (answer.status_code, "restarted" in answer.json()["detail"]) == (504, True)
        began = time.monotonic()
        assert (await command(api, cp, "unlock", UNLOCK)).status_code == 200
        assert time.monotonic() - began < 3


async def test_nothing_is_sent_before_the_first_frame_and_soon_after_it(api: Api, ingest: Ingest, dialect: str) -> None:
    async with connected(api, ingest, dialect, boots=False) as (cp, charger):
        answer = await command(api, cp, "unlock", UNLOCK)
        assert (answer.status_code, "said anything" in answer.json()["detail"]) == (503, True)
        assert charger.asked == []
        unlock = asyncio.create_task(command(api, cp, "unlock", UNLOCK))
        assert await charger.boot() == "Accepted"
        assert (await unlock).status_code == 200
        assert len(charger.was_asked("UnlockConnector")) == 1


async def test_a_gateway_that_hears_of_a_command_too_late_sends_nothing(api: Api, ingest: Ingest, dialect: str) -> None:
    async with connected(api, ingest, dialect) as (cp, charger):
        pid: Any = ingest.gateways[0].pid
        os.kill(pid, signal.SIGSTOP)
        try:
            answer = await command(api, cp, "unlock", UNLOCK)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert answer.status_code == 504

        async def is_back() -> bool:  # as long as its lease lasts, the gateway was frozen
            return (await command(api, cp, "trigger", {"message": "Heartbeat"})).status_code == 200

        await eventually(is_back, 15)
        assert charger.was_asked("UnlockConnector") == []


@pytest.mark.parametrize("to", [0, 1], ids=["the same gateway", "another gateway"])
async def test_what_waits_when_a_newer_socket_takes_over_is_sent_to_that(
    api: Api, ingest: Ingest, dialect: str, to: int
) -> None:
    async with connected(api, ingest, dialect, Reset=is_silent) as (cp, charger):
        reset = asyncio.create_task(command(api, cp, "reset", {"kind": "graceful"}))
        await until(lambda: charger.was_asked("Reset"))
        unlock = asyncio.create_task(command(api, cp, "unlock", UNLOCK))
        await asyncio.sleep(0.5)  # it waits behind the reset
        async with scripted(ingest.gateways[to].url(cp), dialect) as newer:
            assert await newer.boot() == "Accepted"
            assert (await reset).status_code == 504
            assert (await unlock).status_code == 200
            assert len(newer.was_asked("UnlockConnector")) == 1
        assert charger.was_asked("UnlockConnector") == []


async def test_the_boot_that_an_operator_asked_for_ends_no_other_command(
    api: Api, ingest: Ingest, dialect: str
) -> None:
    async with connected(api, ingest, dialect, UnlockConnector=is_silent) as (cp, charger):
        assert (await command(api, cp, "trigger", {"message": "BootNotification"})).status_code == 200
        unlock = asyncio.create_task(command(api, cp, "unlock", UNLOCK))
        await until(lambda: charger.was_asked("UnlockConnector"))
        assert await charger.boot() == "Accepted"
        await charger.answer(charger.asked[-1], {"status": "Unlocked"})
        assert (await unlock).json()["status"] == "Unlocked"


async def test_a_charger_whose_boot_could_not_be_stored_is_sent_nothing_until_it_boots_again(
    api: Api, ingest: Ingest, stack: Stack, dialect: str
) -> None:
    async with connected(api, ingest, dialect) as (cp, charger):
        with no_broker(stack):
            with pytest.raises(TypeError):  # there is no status in a CALLERROR
                await charger.boot()
            answer = await command(api, cp, "unlock", UNLOCK)
            assert (answer.status_code, "boot" in answer.json()["detail"]) == (503, True)
            assert charger.asked == []

        async def accepted() -> bool:
            with suppress(TypeError):
                return await charger.boot() == "Accepted"
            return False

        await eventually(accepted, 15)
        assert (await command(api, cp, "unlock", UNLOCK)).status_code == 200
