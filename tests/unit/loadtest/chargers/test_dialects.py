"""What the load test's chargers say, held against the official schemas; how they answer."""

from itertools import islice
from random import Random
from typing import Any

import pytest
from ocpp.messages import MessageType, get_validator

from loadtest.chargers.connector import Connector
from loadtest.chargers.dialects import DIALECTS, Station16, Station21, Station201
from loadtest.chargers.station import Call, Station

AT = "2026-03-01T12:00:00.123Z"
EVERY = [kind(f"LOAD-{number:05}", seed=1) for kind in DIALECTS.values() for number in range(1, 9)]


def check(station: Station, call: Call, message: int = MessageType.Call) -> None:
    get_validator(message, call.action, station.dialect.removeprefix("ocpp")).validate(call.payload)


@pytest.mark.parametrize("station", EVERY, ids=lambda station: f"{station.dialect}-{station.identity}")
def test_whatever_it_says_is_by_the_schema(station: Station) -> None:
    check(station, station.boot())
    check(station, station.heartbeat())
    station.begin(0.0, pace=1.0)
    for connector in station.connectors:
        for _ in range(200 if connector.story else 1):
            check(station, station.status(connector, AT))
            connector.step(station.pace, 0.0)


@pytest.mark.parametrize("station", EVERY[::8], ids=lambda station: station.dialect)
@pytest.mark.parametrize(
    ("action", "of_16", "of_2x"),
    [
        ("TriggerMessage", {"requestedMessage": "StatusNotification"}, {"requestedMessage": "StatusNotification"}),
        ("TriggerMessage", {"requestedMessage": "BootNotification"}, {"requestedMessage": "BootNotification"}),
        ("TriggerMessage", {"requestedMessage": "MeterValues"}, {"requestedMessage": "MeterValues"}),
        ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}, {"operationalStatus": "Inoperative"}),
        ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}, {"operationalStatus": "Operative"}),
        ("Reset", {"type": "Soft"}, {"type": "OnIdle"}),
        ("UnlockConnector", {"connectorId": 1}, {"evseId": 1, "connectorId": 1}),
        ("UnlockConnector", {"connectorId": 9}, {"evseId": 9, "connectorId": 1}),
        ("GetBaseReport", None, {"requestId": 7, "reportBase": "FullInventory"}),
    ],
)
def test_whatever_it_answers_is_by_the_schema(
    station: Station, action: str, of_16: dict[str, Any] | None, of_2x: dict[str, Any]
) -> None:
    payload = of_16 if isinstance(station, Station16) else of_2x
    if payload is None:
        assert station.answer(Call(action, {}), AT) is None
        return
    check(station, Call(action, payload))
    answer = station.answer(Call(action, payload), AT)
    assert answer
    check(station, Call(action, answer), MessageType.CallResult)
    for errand in station.errands:
        match errand:
            case Call():
                check(station, errand)
            case Connector():
                check(station, station.status(errand, AT))


@pytest.mark.parametrize("kind", DIALECTS.values())
def test_what_it_does_not_know_it_does_not_answer(kind: type[Station]) -> None:
    assert kind("LOAD-00001", seed=1).answer(Call("ClearCache", {}), AT) is None


def switched(station: Station16, operative: bool) -> Any:
    return station.answer(Call("ChangeAvailability", {"connectorId": 1, "type": operative and "Operative"}), AT)


def test_an_idle_connector_that_is_switched_off_says_so_at_once() -> None:
    station = Station16("LOAD-00001", seed=1)
    connector = next(c for c in station.connectors if c.evse_id == 1)
    while connector.status != "Available":
        assert connector.story
        connector.story.step()
    connector.acknowledged = "Available"
    assert switched(station, operative=False) == {"status": "Accepted"}
    assert list(station.errands) == [connector]
    assert station.status(connector, AT).payload["status"] == "Unavailable"


def test_a_connector_in_use_is_switched_off_later() -> None:
    station = Station16("LOAD-00001", seed=1)
    connector = next(c for c in station.connectors if c.evse_id == 1)
    while connector.idle:
        assert connector.story
        connector.story.step()
    connector.acknowledged = connector.status
    assert switched(station, operative=False) == {"status": "Scheduled"}
    assert not station.errands


def test_a_reset_leaves_a_reboot_to_be_done() -> None:
    station = Station201("LOAD-00001", seed=1)
    assert station.answer(Call("Reset", {"type": "Immediate"}), AT) == {"status": "Accepted"}
    assert list(station.errands) == ["reboot"]


def test_the_same_seed_makes_the_same_station() -> None:
    def life(seed: int) -> list[str]:
        station = Station21("LOAD-00001", seed)
        return [c.story.status for c in station.connectors if c.story for _ in range(50) if c.story.step()]

    assert life(1) == life(1)
    assert life(1) != life(2)


@pytest.mark.parametrize("kind", DIALECTS.values())
def test_the_stories_make_the_rate_that_was_asked_for(kind: type[Station]) -> None:
    changes, seconds = 0, 200.0
    for number in range(40):
        station = kind(f"LOAD-{number:05}", seed=1)
        station.begin(0.0, 2.0 / station.changes_per_s)
        for connector in station.connectors:
            while connector.due < seconds:
                connector.step(station.pace, 0.0)
                changes += 1
    assert changes / 40 / seconds == pytest.approx(2.0, rel=0.1)


def test_some_stations_of_2x_report_by_event_and_some_by_status() -> None:
    rng = Random(1)
    stations = (Station201(f"LOAD-{rng.randrange(99999):05}", seed=1) for _ in range(100))
    said = [station.status(station.connectors[-1], AT).action for station in islice(stations, 100)]
    assert 15 < said.count("NotifyEvent") < 45


def test_it_boots_with_its_serial_number_and_firmware() -> None:
    of_16, of_201 = (kind("UTR-001-A", seed=1).boot().payload for kind in (Station16, Station201))
    assert (of_16["chargePointSerialNumber"], of_16["firmwareVersion"]) == ("UTR-001-A", "1.6.0")
    station = of_201["chargingStation"]
    assert (station["serialNumber"], station["firmwareVersion"]) == ("UTR-001-A", "2.0.1-7")


@pytest.mark.parametrize("kind", [Station201, Station21])
def test_a_connector_of_2x_in_use_is_not_unlocked(kind: type[Station]) -> None:
    station = kind("LOAD-00001", seed=1)
    connector = next(c for c in station.connectors if c.story)
    place = {"evseId": connector.evse_id, "connectorId": connector.connector_id}

    def unlocked() -> Any:
        return station.answer(Call("UnlockConnector", place), AT)

    assert connector.story
    while connector.idle:
        connector.story.step()
    assert unlocked() == {"status": "OngoingAuthorizedTransaction"}
    while not connector.idle:
        connector.story.step()
    assert unlocked() == {"status": "Unlocked"}
