"""What places say: how many there may be, what makes a line of history, and what an inventory leaves out."""

from collections.abc import Iterator

import pytest

from ingest.rollup.fold.state import Place, Report
from ingest.rollup.fold.view import viewed
from shared.words import instant
from shared.words.event import EVSE_LEVEL, MOST_PLACES
from shared.words.status import Status
from tests.events import MINUTE, SECOND, T0, Session
from tests.unit.ingest.rollup.worlds import World, told, words


def test_a_charge_point_has_255_places_and_one_more_is_refused_and_counted() -> None:
    session = Session(protocol="ocpp2.0.1")
    places: list[Place] = [(1 + n // 20, n % 20) for n in range(255)]
    world = told([session.began(T0), session.reported(T0, "Available", (0, 0))])
    world.tell(*(session.reported(T0, "Available", place) for place in places))
    known, lines = dict(world.one.reports), len(world.history())
    world.tell(*(session.reported(T0 + SECOND, "Faulted", place) for place in [(14, 1), (200, 0), (255, 255)]))
    assert world.one.reports == known
    assert (world.out.refused, len(world.history())) == (3, lines)
    world.tell(session.reported(T0 + SECOND, "Occupied", (1, 1)), session.reported(T0, "Faulted", (0, 0)))
    assert (world.connector(1, 1).reported, world.one.reports[0, 0].reported) == ("Occupied", "Faulted")
    world.reload()
    world.tell(session.reported(T0 + SECOND, "Faulted", (14, 1)))
    assert world.out.refused == 4, "they are still as many when they were read again"


class Counted(Report):
    """A report that counts how often a rule looks at it."""

    looks = 0

    @property
    def normalized(self) -> Status:
        Counted.looks += 1
        return super().normalized


@pytest.fixture
def looks() -> Iterator[type[Counted]]:
    Counted.looks = 0
    yield Counted
    Counted.looks = 0


@pytest.mark.parametrize("places", [2, 255])
def test_a_status_settles_its_own_evse_and_looks_at_no_other(places: int, looks: type[Counted]) -> None:
    session = Session()
    world = told([session.began(T0), *(session.reported(T0, "Available", (n, 1)) for n in range(1, places + 1))])
    world.one.reports = {place: Counted(*report) for place, report in world.one.reports.items()}
    looks.looks = 0
    world.tell(session.reported(T0 + SECOND, "Charging", (2, 1)))
    assert looks.looks <= 2, "the word before it, not those of other EVSEs"
    looks.looks = 0
    world.tell(session.reported(T0 + SECOND, "Available", (0, 0)))
    assert looks.looks >= places - 1, "connector 0 settles them all"


def test_a_document_of_255_evses_looks_at_each_place_a_few_times(looks: type[Counted]) -> None:
    session = Session()
    world = told([session.began(T0), *(session.reported(T0, "Available", (n, 1)) for n in range(1, 256))])
    world.one.reports = {place: Counted(*report) for place, report in world.one.reports.items()}
    looks.looks = 0
    viewed(world.one, revision=1)
    assert looks.looks <= 2 * 255


def test_a_code_of_another_vendor_is_another_word() -> None:
    session = Session()
    events = [session.reported(T0 + at, vendor_error_code="E7", vendor_id=by) for at, by in enumerate("ABB")]
    world = told(events)
    world.reload()
    assert [(row.vendor_error_code, row.vendor_id) for row in world.history("STATUS")] == [("E7", "A"), ("E7", "B")]
    assert (world.connector().vendor_id, world.connector().since) == ("B", instant.to_text(T0))


def test_another_info_alone_is_a_line_at_most_once_a_minute_and_place() -> None:
    session = Session()
    world = told(
        [
            session.began(T0),
            session.reported(T0, "Faulted", info="a"),
            session.reported(T0 + 1 * SECOND, "Faulted", info="b"),
            session.reported(T0 + 2 * SECOND, "Faulted", info="c"),
            session.reported(T0 + 3 * SECOND, "Faulted", (2, 1), info="x"),
            session.reported(T0 + 4 * SECOND, "Faulted", (2, 1), info="y"),
            session.reported(T0 + 1 * SECOND + MINUTE, "Faulted", info="d"),
            session.reported(T0 + 2 * SECOND + MINUTE, "Faulted", info="d"),
            session.reported(T0 + 9 * SECOND + MINUTE, "Faulted", info=None),
        ]
    )
    assert [(row.place, row.info) for row in world.history("STATUS")] == [
        ((1, 1), "a"),
        ((1, 1), "b"),
        ((2, 1), "x"),
        ((2, 1), "y"),
        ((1, 1), "d"),
    ]
    assert world.connector().since == instant.to_text(T0)
    assert world.connector().info is None


def test_when_info_last_made_a_line_is_known_after_a_reload() -> None:
    session = Session()
    world = told([session.reported(T0, info="a"), session.reported(T0 + SECOND, info="b")])
    world.reload()
    world.tell(session.reported(T0 + 2 * SECOND, info="c"), session.reported(T0 + SECOND + MINUTE, info="e"))
    assert [row.info for row in world.history("STATUS")] == ["a", "b", "e"]


def statuses(world: World) -> dict[Place, tuple[str, str]]:
    return {(evse.id, one.id): (one.status, one.reason) for evse in world.document.evses for one in evse.connectors}


@pytest.mark.parametrize("word", ["Occupied", "Reserved"])
def test_an_evse_that_says_last_that_a_car_stands_there_is_believed(word: str) -> None:
    session = Session(protocol="ocpp2.1")
    world = told([session.began(T0)])
    world.tell(*(session.reported(T0, "Available", place) for place in [(1, 1), (1, 2), (2, 1)]))
    world.tell(session.reported(T0 + SECOND, word, (1, EVSE_LEVEL)))
    assert [(evse.id, evse.status) for evse in world.document.evses] == [(1, word.upper()), (2, "AVAILABLE")]
    assert statuses(world) == {
        (1, 1): ("UNAVAILABLE", "EVSE"),
        (1, 2): ("UNAVAILABLE", "EVSE"),
        (2, 1): ("AVAILABLE", "OWN"),
    }
    world.reload()
    world.tell(session.reported(T0 + 2 * SECOND, "Available", (1, 2)))
    assert statuses(world)[1, 1] == ("AVAILABLE", "OWN"), "a connector has the newer word"
    assert world.document.status == "AVAILABLE"


def inventory(*, since: int) -> World:
    """Two EVSEs, of which the first was said to be Available in a report that began at sequence ``since``."""
    session = Session(protocol="ocpp2.0.1")
    world = told([session.began(T0)])
    world.tell(*(session.reported(T0, "Faulted", place) for place in [(1, 1), (1, 2), (2, 1)]))  # sequence 1 to 3
    world.tell(session.reported(T0 + SECOND, "Available", (1, EVSE_LEVEL)))
    return world.tell(session.inventoried(T0 + SECOND, 1, 3, first_sequence=since))


def test_a_connector_that_an_inventory_leaves_out_is_as_its_evse() -> None:
    world = inventory(since=4)
    assert statuses(world) == {
        (1, 1): ("AVAILABLE", "OWN"),
        (1, 2): ("AVAILABLE", "OWN"),
        (2, 1): ("FAULTED", "OWN"),
    }
    lines = [row for row in world.history("STATUS") if row.version == (1, 5)]
    assert [(row.place, row.reported) for row in lines] == [((1, 1), "Available"), ((1, 2), "Available")]
    assert world.connector(1, 1).since == instant.to_text(T0 + SECOND)


def test_an_inventory_costs_no_more_than_one_look_at_each_place() -> None:
    session, looks = Session(protocol="ocpp2.0.1"), 0
    world = told([session.began(T0)])
    world.tell(*(session.reported(T0, "Available", (1, number)) for number in range(1, MOST_PLACES)))
    world.tell(session.reported(T0 + SECOND, "Unavailable", (1, EVSE_LEVEL)))

    class Counted(dict[Place, Report]):
        def __getitem__(self, place: Place) -> Report:
            nonlocal looks
            looks += 1
            return super().__getitem__(place)

    world.one.reports = Counted(world.one.reports)
    world.tell(session.inventoried(T0 + SECOND, 1, first_sequence=MOST_PLACES))
    assert set(statuses(world).values()) == {("UNAVAILABLE", "OWN")}
    assert looks < 10 * MOST_PLACES


def test_a_word_newer_than_the_first_part_of_the_inventory_stands() -> None:
    assert statuses(inventory(since=2)) == {
        (1, 1): ("AVAILABLE", "OWN"),
        (1, 2): ("FAULTED", "OWN"),
        (2, 1): ("FAULTED", "OWN"),
    }


def test_an_inventory_whose_evse_was_not_stored_changes_nothing() -> None:
    assert statuses(inventory(since=5))[1, 1] == ("FAULTED", "OWN")


def test_a_late_inventory_changes_nothing() -> None:
    old, new = Session(epoch=1, protocol="ocpp2.0.1"), Session(epoch=2, protocol="ocpp2.0.1")
    world = told([old.began(T0), old.reported(T0, "Available", (1, 0)), new.reported(T0, "Faulted", (1, 1))])
    world.tell(old.inventoried(T0, 1, first_sequence=0))
    assert statuses(world) == {(1, 1): ("FAULTED", "OWN")}
    assert world.out.duplicates == 1


def test_what_a_charge_point_that_is_not_let_in_said_is_unknown_until_it_is() -> None:
    session = Session()
    world = told([session.began(T0), session.reported(T0, "Available"), session.reported(T0, "Charging", (2, 1))])
    world.one.registration = "REJECTED"
    world.tell(session.booted(T0 + SECOND))
    assert statuses(world) == {(1, 1): ("UNKNOWN", "REGISTRATION"), (2, 1): ("UNKNOWN", "REGISTRATION")}
    assert (world.document.status, world.document.counts) == ("UNKNOWN", {"UNKNOWN": 2})
    world.reload()
    world.one.registration = "ACCEPTED"
    world.tell(session.booted(T0 + 2 * SECOND))
    assert statuses(world) == {(1, 1): ("AVAILABLE", "OWN"), (2, 1): ("OCCUPIED", "OWN")}
    assert words(world.history("STATUS")) == ["Available", "Charging"]


def test_connector_0_alone_does_not_speak_for_one_that_is_not_let_in() -> None:
    session = Session()
    world = told([session.began(T0), session.reported(T0, "Available", (0, 0))])
    assert world.document.status == "AVAILABLE"
    world.one.registration = "PENDING"
    assert world.tell(session.booted(T0)).document.status == "UNKNOWN"
