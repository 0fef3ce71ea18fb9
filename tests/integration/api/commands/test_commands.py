"""POST …/trigger, /reset and /unlock: the charger's own answer, or why there is none."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, get_args

import httpx
import pytest

from api.commands import commands, inputs
from api.commands.gateway_calls import GatewayCalls, NobodyThere
from ingest.gateway.commands import queue
from ingest.ocpp import commands as ours
from local.stack import Stack
from tests.integration.api.operated import Ingest, Plug, gone, new_id, plugged
from tests.integration.api.served import Api, eventually

TRIGGER: dict[str, object] = {"message": "StatusNotification", "evse_id": 1, "connector_id": 1}


async def command(api: Api, charge_point_id: str, what: str, body: dict[str, object]) -> httpx.Response:
    return await api.client.post(f"/v1/charge-points/{charge_point_id}/{what}", json=body)


def test_what_can_be_asked_here_is_what_gateways_can_ask() -> None:
    assert get_args(inputs.Requested) == get_args(ours.Requested)
    assert get_args(inputs.ResetKind) == get_args(ours.ResetKind)


@pytest.mark.parametrize(
    ("dialect", "what", "body", "expected", "status"),
    [
        (
            "ocpp1.6",
            "trigger",
            TRIGGER,
            ["TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}],
            "Accepted",
        ),
        (
            "ocpp2.0.1",
            "trigger",
            TRIGGER,
            ["TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}],
            "NotImplemented",
        ),
        ("ocpp1.6", "reset", {"kind": "graceful"}, ["Reset", {"type": "Soft"}], "Accepted"),
        ("ocpp2.0.1", "reset", {"kind": "immediate"}, ["Reset", {"type": "Immediate"}], "Scheduled"),
        (
            "ocpp1.6",
            "unlock",
            {"evse_id": 1, "connector_id": 1},
            ["UnlockConnector", {"connectorId": 1}],
            "NotSupported",
        ),
        (
            "ocpp2.0.1",
            "unlock",
            {"evse_id": 1, "connector_id": 2},
            ["UnlockConnector", {"evseId": 1, "connectorId": 2}],
            "Unlocked",
        ),
    ],
)
async def test_the_charger_s_answer_is_the_answer(
    api: Api, ingest: Ingest, dialect: str, what: str, body: dict[str, object], expected: list[Any], status: str
) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp, dialect) as plug:
        asked = asyncio.create_task(command(api, cp.lower(), what, body))
        assert (await plug.answer({"status": status}))[2:] == expected
        answer = await asked
    assert (answer.status_code, answer.json()) == (200, {"charge_point_id": cp, "status": status})


async def test_the_gateway_that_holds_the_charger_is_asked_also_after_it_moved(
    api: Api, ingest: Ingest, calls: GatewayCalls
) -> None:
    one, other = new_id(), new_id()
    await api.station("S1", one, other)
    first, second = ingest.gateways

    async def both(a: Plug, b: Plug) -> None:
        asked = [asyncio.create_task(command(api, cp, "reset", {"kind": "graceful"})) for cp in (one, other)]
        await asyncio.gather(a.answer({"status": "Accepted"}), b.answer({"status": "Rejected"}))
        assert [(await task).json()["status"] for task in asked] == ["Accepted", "Rejected"]

    async with plugged(api, first, one) as a, plugged(api, second, other) as b:
        await both(a, b)
    async with plugged(api, second, one) as a, plugged(api, first, other) as b:
        await both(a, b)
        # The rollup is behind, as it were: the old gateway says that it is not there, and the new one is not known.
        told = await calls.ask(
            first.id,
            await api.pool.fetchval("SELECT key FROM charge_points WHERE id = $1", one),
            "reset",
            argument="graceful",
            timeout_s=5,
        )
        assert told.error == "offline"
    assert calls.under_way == 0


async def test_a_charger_that_is_away_is_a_conflict(api: Api, ingest: Ingest) -> None:
    cp = new_id()
    await api.station("S1", cp)
    assert (await command(api, cp, "trigger", TRIGGER)).status_code == 409
    async with plugged(api, ingest.gateways[0], cp):
        pass
    await gone(api, cp)
    answer = await command(api, cp, "trigger", TRIGGER)
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/not-connected"
    assert "not connected" in answer.json()["detail"]


async def test_a_gateway_that_nobody_hears_of_is_a_charger_that_is_away(api: Api, calls: GatewayCalls) -> None:
    await api.station("S1", "CP1")
    await api.rolled_up("CP1", "AVAILABLE")
    await api.pool.execute("UPDATE charge_points SET gateway_id = 'long-gone'")
    assert (await command(api, "CP1", "trigger", TRIGGER)).status_code == 409
    with pytest.raises(NobodyThere):
        await calls.ask("long-gone", 1, "trigger", timeout_s=1)
    assert calls.under_way == 0


async def test_a_charger_that_is_not_accepted_cannot_be_commanded(api: Api) -> None:
    await api.station("S1", "CP1")
    await api.rolled_up("CP1", "AVAILABLE")
    await api.client.patch("/v1/charge-points/CP1", json={"registration": "PENDING"})
    answer = await command(api, "CP1", "trigger", TRIGGER)
    assert (answer.status_code, "PENDING" in answer.json()["detail"]) == (409, True)
    assert answer.json()["type"] == "/problems/not-accepted"


async def test_a_charger_that_does_not_answer_is_a_timeout(api: Api, ingest: Ingest, calls: GatewayCalls) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp):
        began = time.monotonic()
        answer = await command(api, cp, "trigger", TRIGGER)
        assert commands.TIMEOUT_S <= time.monotonic() - began < commands.TIMEOUT_S + 2
    assert answer.status_code == 504
    assert calls.under_way == 0


async def test_an_error_of_the_charger_is_told_as_one(api: Api, ingest: Ingest) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp) as plug:
        asked = asyncio.create_task(command(api, cp, "unlock", {"evse_id": 1, "connector_id": 1}))
        await plug.refuse("NotImplemented", "what is that")
        answer = await asked
    assert answer.status_code == 502
    assert "NotImplemented: what is that" in answer.json()["detail"]


async def test_too_many_commands_for_one_charger_are_told_to_come_back(api: Api, ingest: Ingest) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp) as plug:
        first = asyncio.create_task(command(api, cp, "trigger", TRIGGER))
        frame = await plug.asked()
        many = [asyncio.create_task(command(api, cp, "trigger", TRIGGER)) for _ in range(queue.WAITING + 1)]
        done, waiting = await asyncio.wait(many, return_when=asyncio.FIRST_COMPLETED, timeout=5)
        (busy,) = [task.result() for task in done]
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
        await plug.socket.send(f'[3,"{frame[1]}",{{"status":"Accepted"}}]')
        for _ in waiting:
            await plug.answer({"status": "Accepted"})
        assert {(await task).status_code for task in (first, *waiting)} == {200}


@pytest.mark.parametrize("how", ["kill", "pause"])
async def test_without_redis_nobody_can_be_asked_until_it_is_back(
    api: Api, ingest: Ingest, stack: Stack, redis_again: None, calls: GatewayCalls, how: str
) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp) as plug:
        getattr(stack.redis, how)()
        began = time.monotonic()
        answer = await command(api, cp, "trigger", TRIGGER)
        assert answer.status_code == 503
        assert time.monotonic() - began < 5
        assert calls.under_way == 0
        stack.redis.resume() if how == "pause" else stack.redis.start()
        answering = asyncio.create_task(keep_answering(plug))

        async def asked_again() -> bool:
            return (await command(api, cp, "trigger", TRIGGER)).status_code == 200

        await eventually(asked_again, 30)
        answering.cancel()


async def keep_answering(plug: Plug) -> None:
    while True:
        await plug.answer({"status": "Accepted"}, within_s=60)


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("trigger", {"message": "Everything"}, "message"),
        ("trigger", {"message": "Heartbeat", "connector_id": 1}, "evse_id"),
        ("trigger", {"message": "Heartbeat", "evse_id": 0}, "evse_id"),
        ("reset", {"kind": "Hard"}, "kind"),
        ("unlock", {"evse_id": 1}, "connector_id"),
        ("unlock", {"evse_id": 1, "connector_id": 40000}, "connector_id"),
    ],
)
async def test_what_is_no_command_is_refused(api: Api, what: str, body: dict[str, object], field: str) -> None:
    await api.station("S1", "CP1")
    answer = await command(api, "CP1", what, body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_charge_point_that_is_not_there_cannot_be_commanded(build: Callable[..., Api]) -> None:
    assert (await command(build(), "nope", "trigger", TRIGGER)).status_code == 404
    assert (await command(build(mode="read"), "nope", "trigger", TRIGGER)).status_code in (404, 405)
