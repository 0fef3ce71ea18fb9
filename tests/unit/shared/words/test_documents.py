"""Documents: their fields in their order, read back as written; and what a station makes of its charge points."""

import json

import msgspec

from shared.words import documents
from shared.words.documents import ChargePointDocument, ConnectorDocument, Contribution, EvseDocument, StationDocument
from tests.events import T0, Session
from tests.unit.ingest.rollup.worlds import told

SINCE = "2026-03-01T08:15:30.123Z"


def test_a_charge_point_document_has_the_published_fields_in_their_order() -> None:
    shown = json.loads(documents.encode(ChargePointDocument("CP1", "S1")))
    assert list(shown) == [
        "id", "station_id", "protocol", "vendor", "model", "firmware", "hardware", "revision", "connectivity",
        "connectivity_since", "last_seen_at", "registration", "has_password", "operative", "intent",
        "intents", "out_of_service", "identity_conflict", "status", "since", "health", "partially_available",
        "counts", "connector0", "evses", "flapping", "stuck",
    ]  # fmt: skip
    assert (shown["connectivity"], shown["status"], shown["health"], shown["evses"]) == (
        "NEVER",
        "UNKNOWN",
        "UNKNOWN",
        [],
    )


def test_an_evse_and_a_connector_have_the_published_fields() -> None:
    connector = ConnectorDocument(
        1, "Available", "AVAILABLE", "AVAILABLE", "OWN", None, None, None, None, SINCE, None, SINCE
    )
    shown = json.loads(documents.encode(EvseDocument(1, "AVAILABLE", None, SINCE, (connector,))))
    assert list(shown) == ["id", "status", "reported", "since", "connectors"]
    assert list(shown["connectors"][0]) == [
        "id", "reported", "normalized", "status", "reason", "error_code", "vendor_error_code", "vendor_id", "info",
        "since", "reported_at", "received_at", "flapping", "stuck",
    ]  # fmt: skip


def test_a_stored_document_is_read_as_it_was_written() -> None:
    session = Session()
    document = told([session.began(T0), session.reported(T0), session.reported(T0, "Faulted", (0, 0))]).document
    stored = documents.encode(document)
    assert documents.charge_point(stored) == document
    assert documents.charge_point(stored.decode()) == document
    assert document.with_(station_id="S2").station_id == "S2"
    assert document.station_id == "S1"


def test_a_station_holds_its_charge_points_bytes_untouched() -> None:
    stored = '{"id": "CP1",   "of": "another spelling"}'
    rolled = documents.roll_up([])
    station = StationDocument(
        "S1",
        "Name",
        None,
        None,
        None,
        None,
        rolled.status,
        SINCE,
        rolled.health,
        False,
        {},
        {},
        1,
        SINCE,
        documents.raw([stored]),
    )
    assert stored.encode() in documents.encode(station)
    assert msgspec.json.decode(documents.encode(station))["charge_points"] == [json.loads(stored)]


def test_a_station_sums_evses_and_not_what_is_rolled_up_already() -> None:
    rolled = documents.roll_up(
        [Contribution("AVAILABLE", {"AVAILABLE": 1, "FAULTED": 3}), Contribution("OCCUPIED", {"OCCUPIED": 2})]
    )
    assert (rolled.status, rolled.health, rolled.partially_available) == ("AVAILABLE", "DEGRADED", True)
    assert rolled.counts == {"AVAILABLE": 1, "OCCUPIED": 2, "FAULTED": 3}


def test_a_charge_point_without_evses_joins_the_status_and_nothing_else() -> None:
    rolled = documents.roll_up([Contribution("AVAILABLE", {}), Contribution("FAULTED", {"FAULTED": 1})])
    assert (rolled.status, rolled.health, rolled.counts) == ("AVAILABLE", "DOWN", {"FAULTED": 1})
    assert not rolled.partially_available


def test_a_charge_point_of_which_nothing_is_known_adds_nothing() -> None:
    rolled = documents.roll_up([Contribution("UNKNOWN", {}), Contribution("FAULTED", {"FAULTED": 1})])
    assert (rolled.status, rolled.health) == ("FAULTED", "DOWN")


def test_a_station_without_charge_points_is_unknown() -> None:
    rolled = documents.roll_up([])
    assert (rolled.status, rolled.health, rolled.counts) == ("UNKNOWN", "UNKNOWN", {})
