"""An EVSE as a whole, and a charge point that is not accepted yet: what a charger is asked, and what it never is."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.integration.api.operated import Ingest, new_id
from tests.integration.api.served import Api
from tests.integration.gateway.parts import eventually
from tests.scripted_charger import DIALECTS, Place, ScriptedCharger, scripted

THREE: dict[Place, str] = {(1, 1): "Available", (2, 1): "Available", (2, 2): "Available"}
pytestmark = pytest.mark.parametrize("dialect", DIALECTS)


async def command(api: Api, charge_point_id: str, what: str, body: Mapping[str, object]) -> httpx.Response:
    return await api.client.post(f"/v1/charge-points/{charge_point_id}/{what}", json=body)


async def document(api: Api, charge_point_id: str) -> Any:
    return (await api.client.get(f"/v1/charge-points/{charge_point_id}")).json()


@asynccontextmanager
async def plugged(api: Api, ingest: Ingest, dialect: str) -> AsyncIterator[tuple[str, ScriptedCharger]]:
    """A charger with two EVSEs, the second with two connectors where the dialect has such."""
    cp = new_id()
    await api.station("S1", cp)
    statuses = {place: status for place, status in THREE.items() if dialect != "ocpp1.6" or place[1] == 1}
    async with scripted(ingest.gateways[0].url(cp), dialect, statuses) as charger:
        assert await charger.boot() == "Accepted"
        await charger.report_all()

        async def is_there() -> bool:
            return [evse["status"] for evse in (await document(api, cp))["evses"]] == ["AVAILABLE", "AVAILABLE"]

        await eventually(is_there)
        yield cp, charger


async def test_one_evse_is_taken_out_of_service_with_all_its_connectors(api: Api, ingest: Ingest, dialect: str) -> None:
    async with plugged(api, ingest, dialect) as (cp, charger):
        asked = await api.client.put(f"/v1/charge-points/{cp}/evses/2/availability", json={"operative": False})
        assert (asked.status_code, asked.json()["results"][0]["result"]) == (200, "Accepted")
        (payload,) = charger.was_asked("ChangeAvailability")
        if dialect == "ocpp1.6":
            assert payload == {"connectorId": 2, "type": "Inoperative"}
        else:
            assert payload == {"operationalStatus": "Inoperative", "evse": {"id": 2}}

        async def is_out() -> bool:
            return [evse["status"] for evse in (await document(api, cp))["evses"]] == ["AVAILABLE", "UNAVAILABLE"]

        await eventually(is_out)
        unknown = await api.client.put(f"/v1/charge-points/{cp}/evses/3/availability", json={"operative": False})
        assert unknown.status_code == 404


async def intend(api: Api, charge_point_id: str, place: str, operative: bool) -> Any:
    path = f"/v1/charge-points/{charge_point_id}/{place}availability"
    return (await api.client.put(path, json={"operative": operative})).json()["results"][0]["result"]


async def is_left_alone_after_a_boot(charger: ScriptedCharger) -> None:
    """It remembers, so nothing is to be asked again."""
    asked = len(charger.asked)
    assert await charger.boot() == "Accepted"
    await charger.report_all()
    await asyncio.sleep(1.5)  # two pulses, in which it would have been asked
    assert charger.asked[asked:] == []


async def test_all_but_one_connector_out_of_service_stays_so_after_a_boot(
    api: Api, ingest: Ingest, dialect: str
) -> None:
    async with plugged(api, ingest, dialect) as (cp, charger):
        assert await intend(api, cp, "", operative=False) == "Accepted"
        assert await intend(api, cp, "connectors/1/1/", operative=True) == "Accepted"

        async def is_so() -> bool:
            shown = await document(api, cp)
            statuses = [evse["status"] for evse in shown["evses"]]
            return statuses == ["AVAILABLE", "UNAVAILABLE"] and shown["intents"] == []

        await eventually(is_so)
        await is_left_alone_after_a_boot(charger)
        await eventually(is_so)
        charger.statuses = dict.fromkeys(charger.statuses, "Available")
        asked = len(charger.was_asked("ChangeAvailability"))
        assert await charger.boot() == "Accepted"
        await charger.report_all()  # it has forgotten all of it

        async def is_asked_again() -> bool:  # the whole, and then that connector back
            return len(charger.was_asked("ChangeAvailability")) == asked + 2

        await eventually(is_asked_again)
        await eventually(is_so)


async def test_what_is_back_with_the_whole_is_not_taken_out_again(api: Api, ingest: Ingest, dialect: str) -> None:
    async with plugged(api, ingest, dialect) as (cp, charger):
        assert await intend(api, cp, "connectors/2/1/", operative=False) == "Accepted"

        async def is_out() -> bool:
            return [evse["status"] for evse in (await document(api, cp))["evses"]] == ["AVAILABLE", "UNAVAILABLE"]

        await eventually(is_out)
        await is_left_alone_after_a_boot(charger)
        asked = len(charger.asked)
        assert await intend(api, cp, "", operative=True) == "Accepted"
        await asyncio.sleep(2)  # a change of the inventory acts within a second
        assert len(charger.asked) == asked + 1
        shown = await document(api, cp)
        assert ([evse["status"] for evse in shown["evses"]], shown["out_of_service"]) == (["AVAILABLE"] * 2, [])


async def test_in_1_6_an_evse_is_its_connector(api: Api, ingest: Ingest, dialect: str) -> None:
    async with plugged(api, ingest, dialect) as (cp, charger):
        assert await intend(api, cp, "evses/2/", operative=False) == "Accepted"
        assert await intend(api, cp, "connectors/2/1/", operative=True) == "Accepted"
        out = [(one["evse_id"], one["connector_id"]) for one in (await document(api, cp))["out_of_service"]]
        assert out == ([] if dialect == "ocpp1.6" else [(2, 0)])
        if dialect == "ocpp1.6":
            await is_left_alone_after_a_boot(charger)


async def test_one_evse_is_reset_where_the_version_can(api: Api, ingest: Ingest, dialect: str) -> None:
    async with plugged(api, ingest, dialect) as (cp, charger):
        answer = await command(api, cp, "reset", {"kind": "graceful", "evse_id": 2})
        if dialect == "ocpp1.6":
            assert (answer.status_code, "as a whole" in answer.json()["detail"]) == (409, True)
            assert charger.was_asked("Reset") == [], "least of all as a whole"
        else:
            assert (answer.status_code, answer.json()["status"]) == (200, "Accepted")
            assert charger.was_asked("Reset") == [{"type": "OnIdle", "evseId": 2}]


async def test_a_transaction_event_is_triggered_where_the_version_has_it(
    api: Api, ingest: Ingest, dialect: str
) -> None:
    async with plugged(api, ingest, dialect) as (cp, charger):
        answer = await command(api, cp, "trigger", {"message": "TransactionEvent", "evse_id": 1})
        if dialect == "ocpp1.6":
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "not-in-its-version")
            assert charger.asked == []
        else:
            assert answer.status_code == 200
            assert charger.was_asked("TriggerMessage") == [{"requestedMessage": "TransactionEvent", "evse": {"id": 1}}]


async def test_a_pending_charger_is_asked_for_its_boot_and_nothing_else(api: Api, ingest: Ingest, dialect: str) -> None:
    async with plugged(api, ingest, dialect) as (cp, charger):
        await api.client.patch(f"/v1/charge-points/{cp}", json={"registration": "PENDING"})

        async def is_pending() -> bool:
            return await charger.boot() == "Pending"

        await eventually(is_pending)
        boot = await command(api, cp, "trigger", {"message": "BootNotification"})
        assert (boot.status_code, boot.json().get("status")) == (200, "Accepted")
        assert charger.was_asked("TriggerMessage") == [{"requestedMessage": "BootNotification"}]
        others: tuple[tuple[str, dict[str, object]], ...] = (
            ("trigger", {"message": "Heartbeat"}),
            ("reset", {"kind": "immediate"}),
            ("unlock", {"evse_id": 1, "connector_id": 1}),
        )
        for what, body in others:
            assert (await command(api, cp, what, body)).status_code == 409
        intent = await api.client.put(f"/v1/charge-points/{cp}/availability", json={"operative": False})
        assert intent.json()["results"][0]["result"] == "Waiting"
        assert {one.action for one in charger.asked} == {"TriggerMessage"}
        await api.client.patch(f"/v1/charge-points/{cp}", json={"registration": "REJECTED"})
        assert (await command(api, cp, "trigger", {"message": "BootNotification"})).status_code == 409
