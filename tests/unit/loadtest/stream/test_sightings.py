"""When a status counts as seen, and when as never seen."""

from datetime import UTC, datetime
from typing import Any

from loadtest.stream.sightings import Expected, Sightings

PLACE = ("LOAD-00001", 1, 1)
SENT_AT = 1_772_366_400.123


def document(at: float | None, evse_id: int = 1, id: str = "LOAD-00001") -> dict[str, Any]:
    text = None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
    return {"id": id, "evses": [{"id": evse_id, "connectors": [{"id": 1, "reported_at": text}]}]}


def waiting() -> Sightings:
    sightings = Sightings()
    sightings.expect(PLACE, Expected(SENT_AT, began=10.0))
    return sightings


def test_the_time_runs_from_the_send_to_the_sight() -> None:
    sightings = waiting()
    assert list(sightings.see(document(SENT_AT), now=10.25)) == [0.25]
    assert not sightings.of("LOAD-00001")
    assert list(sightings.see(document(SENT_AT), now=11.0)) == []


def test_an_older_status_another_connector_and_another_charge_point_are_no_sight_of_it() -> None:
    sightings = waiting()
    for other in (
        document(SENT_AT - 0.001),
        document(None),
        document(SENT_AT, evse_id=2),
        document(SENT_AT, id="LOAD-00002"),
    ):
        assert list(sightings.see(other, now=10.25)) == []
    assert sightings.of("LOAD-00001")


def test_one_that_was_overtaken_has_been_applied() -> None:
    sightings = waiting()
    sightings.expect(PLACE, Expected(SENT_AT + 1, began=11.0))
    assert list(sightings.see(document(SENT_AT + 1), now=11.5)) == [1.5, 0.5]


def test_what_is_not_seen_in_time_is_given_up_once() -> None:
    sightings = waiting()
    assert list(sightings.overdue(now=15.0, within_s=5.0)) == []
    assert list(sightings.overdue(now=15.5, within_s=5.0)) == [5.5]
    assert list(sightings.overdue(now=16.0, within_s=5.0)) == []
    assert not sightings.charge_points


def test_what_was_not_acknowledged_is_not_waited_for() -> None:
    sightings = waiting()
    sightings.forget(PLACE, Expected(SENT_AT, began=10.0))
    assert list(sightings.overdue(now=99.0, within_s=5.0)) == []
    sightings.forget(PLACE, Expected(SENT_AT, began=10.0))  # seen in the meantime, or given up


def test_those_that_are_waited_for_are_known_by_charge_point() -> None:
    sightings = waiting()
    sightings.expect(("LOAD-00002", 1, 1), Expected(SENT_AT, began=10.0))
    assert sightings.charge_points == {"LOAD-00001", "LOAD-00002"}
