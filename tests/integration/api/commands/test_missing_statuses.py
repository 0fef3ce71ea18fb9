"""What a charger has not said in its session is asked for, whatever became of the session before, and shows here."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosed

from local.stack import Stack
from tests.integration.api.operated import WITHIN_S, Ingest, gone, ingesting, new_id
from tests.integration.api.served import Api, eventually
from tests.integration.gateway.parts import Gateway, no_broker
from tests.scripted_charger import DIALECTS, Behaviour, Place, ScriptedCharger, rejects, scripted

TWO: dict[Place, str] = {(1, 1): "Available", (2, 1): "Available"}
pytestmark = pytest.mark.parametrize("dialect", DIALECTS)


SETTINGS = {"STATUS_SETTLE_S": "1", "ACK_DEADLINE_S": "2"}


@pytest.fixture(scope="module")
def quick(stack: Stack, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    """Gateways that give a charger one second to report by itself, and the broker two."""
    with ingesting(stack, database_url, tmp_path_factory.mktemp("quick"), **SETTINGS) as running:
        yield running


@pytest.fixture
def mortal(stack: Stack, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ingest]:
    """The same, to be killed."""
    with ingesting(stack, database_url, tmp_path_factory.mktemp("mortal"), **SETTINGS) as running:
        yield running


def busy(dialect: str) -> str:
    return "Charging" if dialect == "ocpp1.6" else "Occupied"


async def shows(api: Api, charge_point_id: str, *statuses: str) -> None:
    """Waits until the document has these statuses of EVSEs, in order."""

    async def shown() -> bool:
        document = (await api.client.get(f"/v1/charge-points/{charge_point_id}")).json()
        return [evse["status"] for evse in document["evses"]] == list(statuses)

    await eventually(shown, 20)


async def reported_once(api: Api, gateway: Gateway, dialect: str) -> str:
    """A charge point with two connectors that has been here before, and left."""
    cp = new_id()
    await api.station("S1", cp)
    async with scripted(gateway.url(cp), dialect, TWO) as charger:
        assert await charger.boot() == "Accepted"
        await charger.report_all()
        await shows(api, cp, "AVAILABLE", "AVAILABLE")
    await gone(api, cp)
    return cp


@asynccontextmanager
async def back(
    gateway: Gateway, cp: str, dialect: str, statuses: dict[Place, str], **behaviours: Behaviour
) -> AsyncIterator[ScriptedCharger]:
    """It comes back without a boot, and tells no status by itself."""
    async with scripted(gateway.url(cp), dialect, statuses, **behaviours) as charger:
        assert (await charger.call("Heartbeat", {}))[0] == 3
        yield charger


@pytest.mark.parametrize("whole", ["answered", "Rejected", "NotSupported"])
async def test_a_charger_that_comes_back_and_says_nothing_is_asked(
    api: Api, quick: Ingest, dialect: str, whole: str
) -> None:
    gateway = quick.gateways[0]
    cp = await reported_once(api, gateway, dialect)
    refusing: dict[str, Behaviour] = {}
    if whole != "answered":
        refusing["GetBaseReport"] = rejects if whole == "Rejected" else lambda _: whole
    now: dict[Place, str] = {(1, 1): busy(dialect), (2, 1): "Faulted"}
    async with back(gateway, cp, dialect, now, **refusing) as charger:
        await shows(api, cp, "OCCUPIED", "FAULTED")
        if dialect != "ocpp1.6" and whole != "answered":
            asked = charger.was_asked("TriggerMessage")
            assert [one["evse"] for one in asked] == [{"id": 1, "connectorId": 1}, {"id": 2, "connectorId": 1}]


async def test_only_what_was_not_reported_is_asked_for(api: Api, quick: Ingest, dialect: str) -> None:
    gateway = quick.gateways[0]
    cp = await reported_once(api, gateway, dialect)
    async with back(gateway, cp, dialect, dict(TWO), GetBaseReport=rejects) as charger:
        await charger.report(1, 1, busy(dialect))
        charger.statuses[2, 1] = "Faulted"
        await shows(api, cp, "OCCUPIED", "FAULTED")
        place = {"connectorId": 2} if dialect == "ocpp1.6" else {"evse": {"id": 2, "connectorId": 1}}
        assert charger.was_asked("TriggerMessage") == [{"requestedMessage": "StatusNotification", **place}]


async def test_a_charger_of_which_nothing_is_known_and_that_does_not_boot_is_asked(
    api: Api, quick: Ingest, dialect: str
) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with back(quick.gateways[0], cp, dialect, {(1, 1): busy(dialect), (2, 1): "Available"}):
        await shows(api, cp, "OCCUPIED", "AVAILABLE")


async def test_a_charger_that_only_pings_is_asked_once_it_has_settled(api: Api, quick: Ingest, dialect: str) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with scripted(quick.gateways[0].url(cp), dialect, {(1, 1): busy(dialect)}):
        await shows(api, cp, "OCCUPIED")


async def test_a_charger_that_answers_with_its_main_controller_alone_is_asked_for_its_connector(
    api: Api, quick: Ingest, dialect: str
) -> None:
    cp = new_id()
    await api.station("S1", cp)
    statuses: dict[Place, str] = {(0, 0): "Available"}
    async with back(quick.gateways[0], cp, dialect, statuses, GetBaseReport=rejects) as charger:
        await charger.report(0, 0, "Available")
        statuses_now = charger.statuses
        statuses_now[1, 1] = busy(dialect)
        await shows(api, cp, "OCCUPIED")
        place = {"connectorId": 1} if dialect == "ocpp1.6" else {"evse": {"id": 1, "connectorId": 1}}
        assert {"requestedMessage": "StatusNotification", **place} in charger.was_asked("TriggerMessage")


async def test_a_status_that_a_killed_gateway_had_and_not_answered_is_asked_for_by_the_next(
    api: Api, mortal: Ingest, stack: Stack, dialect: str
) -> None:
    first, second = mortal.gateways
    cp = await reported_once(api, first, dialect)
    now = dict(TWO)
    with suppress(ConnectionClosed):
        async with back(first, cp, dialect, now) as charger:
            await charger.report_all()
            with no_broker(stack):
                assert (await charger.report(1, 1, "Faulted"))[0] == 4  # on its way to the broker, and lands later
                sending = asyncio.create_task(charger.report(1, 1, busy(dialect)))
                await asyncio.sleep(0.5)  # the gateway has it, and it waits behind that
                first.kill()
                sending.cancel()
    now[1, 1] = busy(dialect)
    async with back(second, cp, dialect, now):
        await shows(api, cp, "OCCUPIED", "AVAILABLE")


async def test_a_status_that_was_refused_before_a_reconnect_is_asked_for(
    api: Api, quick: Ingest, stack: Stack, dialect: str
) -> None:
    gateway = quick.gateways[0]
    cp = await reported_once(api, gateway, dialect)
    async with scripted(gateway.url(cp), dialect, TWO) as charger:
        await charger.report_all()
        with no_broker(stack):
            for status in ("Faulted", busy(dialect)):  # the first is on its way and lands later, the second is lost
                kind, _, code, *_ = await charger.report(1, 1, status)
                assert (kind, code) == (4, "InternalError")
            await charger.socket.close()
            async with back(gateway, cp, dialect, {(1, 1): busy(dialect), (2, 1): "Available"}) as again:
                stack.broker.resume()
                await shows(api, cp, "OCCUPIED", "AVAILABLE")
                assert again.asked, "it had not sent it again by itself"


async def test_a_boot_gives_it_time_to_report_again(api: Api, quick: Ingest, dialect: str) -> None:
    gateway = quick.gateways[0]
    cp = await reported_once(api, gateway, dialect)
    async with back(gateway, cp, dialect, dict(TWO)) as charger:
        assert await charger.boot() == "Accepted"
        await charger.report_all()
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                await eventually(lambda: asyncio.sleep(0, bool(charger.asked)), WITHIN_S)
        assert charger.asked == []
