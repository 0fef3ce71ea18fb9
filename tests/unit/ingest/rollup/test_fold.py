"""What each event does to its charge point, and what it leaves in history."""

from ingest.rollup.fold.state import Intent
from shared.words import documents, instant
from shared.words.event import Event
from tests.events import SECOND, T0, Session
from tests.unit.ingest.rollup.worlds import World, told


def test_a_session_begins_online_since_it_was_received() -> None:
    world = told([Session().began(T0)])
    (row,) = world.history()
    assert (row.kind, row.reported, row.event_time, row.received_at, row.version) == (
        "CONNECTIVITY",
        "ONLINE",
        T0,
        T0,
        (1, 0),
    )
    document = world.document
    assert (document.connectivity, document.protocol, document.last_seen_at) == (
        "ONLINE",
        "ocpp1.6",
        instant.to_text(T0),
    )


def test_a_status_is_state_and_history() -> None:
    session = Session()
    world = told([session.began(T0), session.reported(T0 + SECOND, "Charging", says=T0 + 1, says_text="as sent")])
    connector = world.connector()
    assert (connector.reported, connector.normalized, connector.status) == ("Charging", "OCCUPIED", "OCCUPIED")
    assert (connector.since, connector.reported_at) == (instant.to_text(T0 + 1), instant.to_text(T0 + 1))
    assert connector.received_at == instant.to_text(T0 + SECOND)
    (row,) = world.history("STATUS")
    assert (row.place, row.reported, row.normalized, row.version) == ((1, 1), "Charging", "OCCUPIED", (1, 1))
    assert (row.event_time, row.received_at, row.reported_at_text, row.flags) == (T0 + 1, T0 + SECOND, "as sent", ())


def test_history_is_written_on_change_only() -> None:
    session = Session()
    world = told(
        [
            session.began(T0),
            session.reported(T0 + 1, "Available"),
            session.reported(T0 + 2, "Available", info="the same with another text"),
            session.reported(T0 + 3, "Available", error_code="WeakSignal"),
            session.reported(T0 + 4, "Available", error_code="WeakSignal", vendor_error_code="E7"),
            session.reported(T0 + 5, "Preparing"),
            session.reported(T0 + 6, "Charging"),
        ]
    )
    rows = world.history("STATUS")
    assert [(row.reported, row.error_code, row.vendor_error_code) for row in rows] == [
        ("Available", "NoError", None),
        ("Available", "NoError", None),
        ("Available", "WeakSignal", None),
        ("Available", "WeakSignal", "E7"),
        ("Preparing", "NoError", None),
        ("Charging", "NoError", None),
    ]
    assert world.connector().since == instant.to_text(T0 + 5), "Preparing and Charging are one status"


def test_what_a_report_is_about_is_its_kind_of_history() -> None:
    session = Session()
    events: list[Event] = [session.reported(T0, "Available", place) for place in ((0, 0), (2, 0), (2, 1))]
    assert [row.kind for row in told(events).history()] == ["CONNECTIVITY", "CONNECTOR_0", "EVSE", "STATUS"]


def test_a_boot_says_what_the_charger_is() -> None:
    session = Session()
    document = told([session.began(T0), session.booted(T0 + 1, firmware="2.7")]).document
    assert (document.vendor, document.model, document.firmware) == ("V", "M", "2.7")


def test_old_statuses_stand_after_a_boot_until_reported_again() -> None:
    session = Session()
    world = told([session.began(T0), session.reported(T0 + 1, "Faulted"), session.booted(T0 + 2)])
    assert world.connector().status == "FAULTED"


def test_a_status_since_its_status_even_when_the_word_is_none_we_know() -> None:
    session = Session()
    world = told([session.began(T0), session.reported(T0 + 1, "Humming"), session.reported(T0 + 2, "Humming")])
    assert world.one.reports[1, 1].since == T0 + 1
    assert world.connector().normalized == "UNKNOWN"


def test_duplicates_are_counted_and_change_nothing() -> None:
    session = Session()
    events: list[Event] = [session.began(T0), session.reported(T0 + 1), session.ended(T0 + 2)]
    once, twice = told(events), told(events)
    twice.tell(*events)
    assert (twice.one, twice.out.history) == (once.one, once.out.history)
    assert (twice.out.duplicates, twice.out.fences) == (3, [])


# what an operator asked


def asked(place: tuple[int, int] = (0, 0), *, operative: bool = False, version: int = 1) -> World:
    """A charge point with two connectors that an operator wants something of."""
    world = World()
    world.one.intents[place] = Intent(version=version, operative=operative, note="cable", asked_at=T0)
    return world


def test_a_wish_shows_until_it_is_answered_and_the_charger_says_so_itself() -> None:
    world, session = asked(), Session()
    world.tell(session.began(T0), session.reported(T0, "Available", (1, 1)), session.reported(T0, "Charging", (2, 1)))
    assert world.document.intent == documents.Intent(operative=False, note="cable", since=instant.to_text(T0))
    world.tell(session.answered(T0 + 1, "Scheduled"), session.reported(T0 + 2, "Unavailable", (1, 1)))
    assert world.document.intent is not None, "the car is still charging"
    world.tell(session.reported(T0 + 3, "Unavailable", (2, 1)))
    assert world.document.intent is None
    intent = world.one.intents[0, 0]
    assert (intent.result, intent.answered_at, intent.confirmed_at) == ("Scheduled", T0 + 1, T0 + 3)
    assert world.one.touched_intents == {(0, 0)}


def test_a_wish_that_the_charger_refuses_is_over() -> None:
    world, session = asked(), Session()
    world.tell(session.began(T0), session.reported(T0), session.answered(T0 + 1, "Rejected"))
    assert world.document.intent is None
    assert world.one.intents[0, 0].result == "Rejected"


def test_an_answer_to_an_older_wish_is_none_to_the_newer() -> None:
    world, session = asked(version=2), Session()
    world.tell(session.began(T0), session.answered(T0 + 1))
    assert world.document.intent is not None
    assert world.one.intents[0, 0].result is None


def test_an_answer_nobody_waits_for_changes_nothing() -> None:
    session = Session()
    assert told([session.began(T0), session.answered(T0 + 1)]).one.intents == {}
