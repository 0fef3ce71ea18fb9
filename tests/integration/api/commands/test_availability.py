"""PUT …/availability: intents for chargers, and what became of them."""

import asyncio
import time
from collections.abc import Callable, Mapping

import httpx
import msgspec
import pytest

from api.commands import answers, availability
from tests.integration.api.operated import Ingest, gone, knocking, new_id, plugged
from tests.integration.api.served import Api, eventually

OUT = {"operative": False, "note": "cable is torn"}
IN = {"operative": True}
SLOWER = 10


@pytest.fixture
def api(build: Callable[..., Api]) -> Api:
    """To its clock the machine is ten times as fast: an answer that comes in time elsewhere does so here."""
    return build(clock=lambda: time.monotonic() / SLOWER)


async def ask(api: Api, path: str, intent: Mapping[str, object]) -> httpx.Response:
    answer = await api.client.put(f"/v1/{path}/availability", json=intent)
    if answer.is_success:
        msgspec.json.decode(answer.content, type=answers.Availability)
    return answer


def only(answer: httpx.Response) -> str:
    (result,) = answer.json()["results"]
    return str(result["result"])


@pytest.mark.parametrize(
    ("dialect", "out", "back"),
    [
        ("ocpp1.6", {"connectorId": 0, "type": "Inoperative"}, {"connectorId": 0, "type": "Operative"}),
        ("ocpp2.0.1", {"operationalStatus": "Inoperative"}, {"operationalStatus": "Operative"}),
    ],
)
async def test_a_connected_charger_is_asked_at_once_and_its_answer_is_ours(
    api: Api, ingest: Ingest, dialect: str, out: object, back: object
) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp, dialect) as plug:
        asked = asyncio.create_task(ask(api, f"charge-points/{cp.lower()}", OUT))
        assert (await plug.answer({"status": "Accepted"}))[2:] == ["ChangeAvailability", out]
        answer = await asked
        assert answer.status_code == 200
        assert answer.json() == {"operative": False, "results": [{"charge_point_id": cp, "result": "Accepted"}]}
        document = await api.charge_point(cp)
        assert document["operative"] is False
        assert document["intent"]["note"] == "cable is torn"
        assert (await api.client.get("/v1/stations?operative=false")).json()["items"][0]["id"] == "S1"

        await plug.report("Unavailable")

        async def confirmed() -> bool:
            return (await api.charge_point(cp))["intent"] is None

        await eventually(confirmed)
        asked = asyncio.create_task(ask(api, f"charge-points/{cp}", IN))
        assert (await plug.answer({"status": "Accepted"}))[3] == back
        assert only(await asked) == "Accepted"
        assert (await api.charge_point(cp))["operative"] is True


async def test_scheduled_waits_in_the_document_until_the_charger_has_followed(api: Api, ingest: Ingest) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp, "ocpp1.6", "Charging") as plug:
        asked = asyncio.create_task(ask(api, f"charge-points/{cp}", OUT))
        await plug.answer({"status": "Scheduled"})
        answer = await asked
        assert (answer.status_code, only(answer)) == (200, "Scheduled")
        assert (await api.charge_point(cp))["intent"]["operative"] is False
        await plug.report("Unavailable")

        async def confirmed() -> bool:
            return (await api.charge_point(cp))["intent"] is None

        await eventually(confirmed)


@pytest.mark.parametrize("as_error", [False, True])
async def test_rejected_is_over_and_is_not_asked_again(api: Api, ingest: Ingest, as_error: bool) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp) as plug:
        asked = asyncio.create_task(ask(api, f"charge-points/{cp}", OUT))
        await (plug.refuse("NotSupported", "no") if as_error else plug.answer({"status": "Rejected"}))
        answer = await asked
        assert (answer.status_code, only(answer)) == (200, "Rejected")

        async def over() -> bool:
            document = await api.charge_point(cp)
            return (document["intent"], document["operative"]) == (None, True)

        await eventually(over)
        document = await api.charge_point(cp)
        assert [(one["note"], one["result"]) for one in document["intents"]] == [(OUT["note"], "Rejected")]
        assert document["out_of_service"] == []
        for what in ("charge-points", "stations"):
            assert (await api.client.get(f"/v1/{what}?operative=false")).json()["items"] == []
        await plug.boot()
        await plug.hears_nothing(1)


async def test_asking_the_same_again_is_a_new_wish(api: Api, ingest: Ingest) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp) as plug:
        for status in ("Rejected", "Accepted"):
            asked = asyncio.create_task(ask(api, f"charge-points/{cp}", OUT))
            await plug.answer({"status": status})
            assert only(await asked) == status


async def test_an_offline_charger_waits_at_once_and_is_asked_when_it_is_back(api: Api, ingest: Ingest) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp):
        pass
    await gone(api, cp)
    began = time.monotonic()
    answer = await ask(api, f"charge-points/{cp}", OUT)
    assert time.monotonic() - began < availability.WAIT_S * SLOWER / 2
    assert (answer.status_code, only(answer)) == (202, "Waiting")
    assert (await api.charge_point(cp))["intent"]["note"] == "cable is torn"
    async with knocking(ingest.gateways[1], cp) as plug:
        await plug.boot()
        assert (await plug.answer({"status": "Accepted"}))[2] == "ChangeAvailability"
        await plug.report("Unavailable")

        async def confirmed() -> bool:
            document = await api.charge_point(cp)
            return document["intent"] is None and document["connectivity"] == "ONLINE"

        await eventually(confirmed)


async def test_a_silent_charger_times_out_and_may_answer_later(build: Callable[..., Api], ingest: Ingest) -> None:
    api, cp = build(), new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp) as plug:
        began = time.monotonic()
        answer = await ask(api, f"charge-points/{cp}", OUT)
        assert availability.WAIT_S <= time.monotonic() - began < availability.WAIT_S * SLOWER
        assert (answer.status_code, only(answer)) == (202, "TimedOut")
        assert (await api.charge_point(cp))["intent"] is not None
        await plug.answer({"status": "Rejected"})

        async def over() -> bool:
            return (await api.charge_point(cp))["intent"] is None

        await eventually(over)


async def test_an_intent_that_a_newer_one_replaced_is_not_waited_for(api: Api, ingest: Ingest) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp) as plug:
        first = asyncio.create_task(ask(api, f"charge-points/{cp}", OUT))
        frame = await plug.asked()
        second = asyncio.create_task(ask(api, f"charge-points/{cp}", IN))
        assert only(await asyncio.wait_for(first, availability.WAIT_S * SLOWER / 2)) == "Waiting"
        await plug.socket.send(f'[3,"{frame[1]}",{{"status":"Accepted"}}]')
        assert (await plug.answer({"status": "Accepted"}))[3]["type"] == "Operative"
        assert only(await second) == "Accepted"
        assert (await api.charge_point(cp))["operative"] is True


async def test_intents_and_reports_at_once_leave_one_truth(build: Callable[..., Api], ingest: Ingest) -> None:
    api, cp = build(), new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp) as plug:

        async def charge() -> None:
            for status in ("Charging", "Available") * 20:
                await plug.report(status)

        intents = [
            ask(api, path, OUT if n % 2 else IN) for n in range(5) for path in ("stations/S1", f"charge-points/{cp}")
        ]
        asked = asyncio.gather(*intents)
        await charge()
        assert {answer.status_code for answer in await asked} == {202}
        newest = await api.pool.fetchval("SELECT operative FROM intents")
        stored = await api.pool.fetchval("SELECT operative FROM charge_points WHERE id = $1", cp)
        document = await api.charge_point(cp)
        assert newest == stored == document["operative"] == document["intent"]["operative"]
        assert document["evses"][0]["connectors"][0]["reported"] == "Available"
        assert (await api.client.get("/v1/stations/S1")).json()["charge_points"] == [document]


async def test_a_station_asks_all_its_charge_points_wherever_they_are(api: Api, ingest: Ingest) -> None:
    first, second, away = sorted(new_id() for _ in range(3))
    await api.station("S1", first, second, away)
    async with (
        plugged(api, ingest.gateways[0], first) as one,
        plugged(api, ingest.gateways[1], second, "ocpp2.0.1") as two,
    ):
        asked = asyncio.create_task(ask(api, "stations/S1", OUT))
        await asyncio.gather(one.answer({"status": "Accepted"}), two.answer({"status": "Scheduled"}))
        answer = await asked
    assert answer.status_code == 202
    assert {one["charge_point_id"]: one["result"] for one in answer.json()["results"]} == {
        first: "Accepted",
        second: "Scheduled",
        away: "Waiting",
    }
    station = (await api.client.get("/v1/stations/S1")).json()
    assert [one["operative"] for one in station["charge_points"]] == [False] * 3


async def test_a_station_without_charge_points_has_nobody_to_ask(api: Api) -> None:
    await api.station("S1")
    answer = await ask(api, "stations/S1", OUT)
    assert (answer.status_code, answer.json()) == (200, {"operative": False, "results": []})


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("ocpp1.6", {"connectorId": 2, "type": "Inoperative"}),
        ("ocpp2.0.1", {"operationalStatus": "Inoperative", "evse": {"id": 2, "connectorId": 1}}),
    ],
)
async def test_one_connector_is_asked_and_the_charge_point_stays_operative(
    api: Api, ingest: Ingest, dialect: str, expected: object
) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp, dialect, "Available", "Available") as plug:
        asked = asyncio.create_task(ask(api, f"charge-points/{cp}/connectors/2/1", OUT))
        assert (await plug.answer({"status": "Accepted"}))[3] == expected
        assert only(await asked) == "Accepted"
        document = await api.charge_point(cp)
        assert document["operative"] is True
        assert document["intent"]["operative"] is False
        (intent,), (out,) = document["intents"], document["out_of_service"]
        assert (intent["evse_id"], intent["connector_id"], intent["result"]) == (2, 1, "Accepted")
        assert (out["note"], out["by"], out["evse_id"], out["connector_id"]) == ("cable is torn", "admin", 2, 1)
        await plug.report("Unavailable", 2)

        async def followed() -> bool:
            return not (await api.charge_point(cp))["intents"]

        await eventually(followed)
        assert (await api.charge_point(cp))["out_of_service"] == [out], "as long as it is out"
        for nowhere in ("3/1", "1/2", "3/0"):
            assert (await ask(api, f"charge-points/{cp}/connectors/{nowhere}", OUT)).status_code == 404


async def test_an_intent_for_the_whole_ends_those_for_its_parts(api: Api) -> None:
    await api.station("S1", "CP1")
    await api.rolled_up("CP1", "AVAILABLE", "AVAILABLE", connectivity="OFFLINE")
    places = "SELECT evse_id, connector_id, operative FROM intents ORDER BY 1, 2"
    for part in ("1/1", "2/1"):
        assert only(await ask(api, f"charge-points/CP1/connectors/{part}", OUT)) == "Waiting"
    await ask(api, "charge-points/CP1/connectors/2/0", IN)
    assert [tuple(row) for row in await api.pool.fetch(places)] == [(1, 1, False), (2, 0, True)]
    await api.pool.execute("UPDATE intents SET result = 'Accepted' WHERE evse_id = 1")
    await ask(api, "charge-points/CP1/connectors/1/1", IN)
    await ask(api, "charge-points/CP1", OUT)
    assert [tuple(row) for row in await api.pool.fetch(places)] == [(0, 0, False), (1, 1, False)]
    waiting = await api.pool.fetch("SELECT evse_id FROM intents WHERE result IS NULL OR confirmed_at IS NULL")
    assert [row["evse_id"] for row in waiting] == [0], "the charger is asked for the whole alone"
    document = await api.charge_point("CP1")
    assert [(one["evse_id"], one["note"]) for one in document["out_of_service"]] == [(1, OUT["note"]), (0, OUT["note"])]


async def test_a_document_after_a_wish_is_in_redis_as_it_is_in_postgres(api: Api) -> None:
    await api.station("S1", "CP1")
    await ask(api, "stations/S1", OUT)
    document = (await api.client.get("/v1/charge-points/CP1")).json()
    stored = await api.pool.fetchval("SELECT document::jsonb FROM charge_points WHERE id = 'CP1'")
    assert document == stored
    assert (await api.client.get("/v1/stations/S1")).json()["charge_points"] == [document]
    since = await api.pool.fetchval("SELECT asked_at FROM intents")
    assert document["intent"]["since"] == since.isoformat(timespec="milliseconds")[:-6] + "Z"


@pytest.mark.parametrize("path", ["stations/nope", "charge-points/nope", "charge-points/nope/connectors/1/1"])
async def test_what_is_not_there_cannot_be_asked(api: Api, path: str) -> None:
    assert (await ask(api, path, OUT)).status_code == 404


@pytest.mark.parametrize(
    "intent", [{}, {"operative": "no"}, {"operative": False, "note": "x" * 501}, {"operative": False, "why": "?"}]
)
async def test_an_intent_that_is_none_is_refused(api: Api, intent: dict[str, object]) -> None:
    await api.station("S1", "CP1")
    assert (await ask(api, "charge-points/CP1", intent)).status_code == 422
    assert await api.pool.fetchval("SELECT count(*) FROM intents") == 0
