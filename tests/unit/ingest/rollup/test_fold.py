"""What each event does to its charge point, and what it leaves in history."""

import pytest

from ingest.rollup.fold.fold import Policy, go_offline
from ingest.rollup.fold.state import Expired, Intent
from shared.words import documents, instant
from shared.words.event import EndReason, Event
from shared.words.gateways import Fence
from tests.events import HOUR, MINUTE, SECOND, T0, Session
from tests.unit.ingest.rollup.worlds import World, told, words


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


# away and back


@pytest.mark.parametrize("reason", ["closed", "going_away", "refused", "superseded"])
def test_a_closed_socket_is_still_online_within_the_grace(reason: EndReason) -> None:
    session = Session()
    world = told([session.began(T0), session.ended(T0 + MINUTE, reason, heard_at=T0 + SECOND)])
    assert (world.one.connectivity, world.one.closed_at, world.one.last_seen_at) == ("ONLINE", T0 + MINUTE, T0 + SECOND)


def test_a_silent_session_is_offline_at_once_since_it_was_heard_last() -> None:
    session = Session()
    events: list[Event] = [
        session.began(T0),
        session.reported(T0 + 1),
        session.ended(T0 + HOUR, "silent", heard_at=T0 + MINUTE),
    ]
    world = told(events)
    row = world.history("CONNECTIVITY")[-1]
    assert (row.reported, row.event_time, row.received_at) == ("OFFLINE", T0 + MINUTE, T0 + HOUR)
    assert world.one.connectivity_since == T0 + MINUTE
    connector = world.connector()
    assert (connector.status, connector.reason, connector.since) == ("UNKNOWN", "OFFLINE", instant.to_text(T0 + MINUTE))
    assert world.one.closed_at is None, "nothing is left to be swept"


@pytest.mark.parametrize(("away", "outages"), [(60 * SECOND, 0), (60 * SECOND + 1, 1), (3 * HOUR, 1)])
def test_only_an_outage_longer_than_the_grace_is_one(away: int, outages: int) -> None:
    before, after = Session(epoch=1), Session(epoch=2)
    world = told(
        [
            before.began(T0),
            before.reported(T0 + 1),
            before.ended(T0 + MINUTE, heard_at=T0 + SECOND),
            after.began(T0 + MINUTE + away),
        ]
    )
    rows = [(row.reported, row.event_time, row.received_at) for row in world.history("CONNECTIVITY")]
    came = T0 + MINUTE + away
    assert rows == [("ONLINE", T0, T0)] + [("OFFLINE", T0 + SECOND, came), ("ONLINE", came, came)] * outages
    assert world.document.connectivity == "ONLINE"
    assert world.one.closed_at is None


def test_a_reconnect_without_boot_makes_the_last_words_effective_again() -> None:
    before, after = Session(epoch=1), Session(epoch=2)
    world = told([before.began(T0), before.reported(T0 + 1, "Charging"), before.ended(T0 + 2, "silent")])
    assert world.connector().status == "UNKNOWN"
    world.tell(after.began(T0 + HOUR))
    assert (world.connector().status, world.connector().since) == ("OCCUPIED", instant.to_text(T0 + HOUR))


def test_any_event_of_a_newer_session_begins_it() -> None:
    before, after = Session(epoch=1), Session(epoch=2, sequence=3)
    world = told([before.began(T0), before.ended(T0 + 1), after.reported(T0 + HOUR, "Faulted")])
    assert words(world.history("CONNECTIVITY")) == ["ONLINE", "OFFLINE", "ONLINE"]
    assert world.one.version == (2, 4)
    assert world.connector().status == "FAULTED"


def test_an_event_after_the_sweep_brings_the_charger_back() -> None:
    session = Session()
    world = told([session.began(T0), session.reported(T0 + 1)])
    go_offline(world.one, T0 + MINUTE, T0 + HOUR, world.policy, world.out)
    world.tell(session.began(T0 + 2 * HOUR))  # announced again: its gateway was only cut off
    assert [(row.reported, row.event_time) for row in world.history("CONNECTIVITY")] == [
        ("ONLINE", T0),
        ("OFFLINE", T0 + MINUTE),
        ("ONLINE", T0 + 2 * HOUR),
    ]
    assert len({(row.kind, row.version, row.received_at) for row in world.out.history}) == len(world.out.history)


def test_an_end_that_comes_after_the_sweep_changes_nothing_of_the_outage() -> None:
    session = Session()
    world = told([session.began(T0)])
    go_offline(world.one, T0 + MINUTE, T0 + HOUR, world.policy, world.out)
    world.tell(session.ended(T0 + HOUR, heard_at=T0 + SECOND))
    assert (world.one.connectivity, world.one.connectivity_since) == ("OFFLINE", T0 + MINUTE)
    assert world.one.closed_at is None


# older sessions


def test_a_late_close_of_an_old_socket_changes_nothing() -> None:
    old, new = Session(epoch=1), Session(epoch=2, gateway="gw-2")
    world = told([old.began(T0), new.began(T0 + SECOND), old.ended(T0 + 2 * SECOND, "silent")])
    assert (world.one.connectivity, world.one.closed_at, world.one.last_seen_at) == ("ONLINE", None, T0 + SECOND)
    assert words(world.history()) == ["ONLINE"]


def test_a_late_status_is_history_with_a_flag_and_no_state() -> None:
    old, new = Session(epoch=1), Session(epoch=2)
    world = told([old.began(T0), new.began(T0 + 1), new.reported(T0 + 2, "Charging")])
    before = world.document
    world.tell(old.reported(T0 + 3, "Faulted"), old.booted(T0 + 4, firmware="old"))
    assert world.document == before
    (late,) = world.out.late
    assert (late.reported, late.version, late.received_at, late.flags) == ("Faulted", (1, 1), T0 + 3, ("late",))


def test_an_old_session_still_tells_of_a_place_nobody_newer_told_of() -> None:
    old, new = Session(epoch=1), Session(epoch=2)
    world = told([old.began(T0), old.reported(T0, "Available"), new.began(T0 + 1), old.reported(T0 + 2, "Faulted")])
    assert (world.connector().status, world.out.late) == ("FAULTED", [])
    assert world.one.version == (2, 0)


def test_a_late_status_of_a_charger_whose_clock_is_wrong_has_both_flags() -> None:
    old, new = Session(epoch=1), Session(epoch=2)
    world = told([old.began(T0), new.reported(T0 + 2), old.reported(T0 + 3, "Faulted", says=0)])
    assert [row.flags for row in world.out.late] == [("late", "clock_suspect")]


def test_a_status_that_was_set_aside_is_state_where_nobody_newer_told_and_else_late() -> None:
    session = Session()
    began, aside, other = session.began(T0), session.reported(T0 + 1, "Faulted"), session.reported(T0 + 2, place=(2, 1))
    world = told([began, other, aside])
    assert (world.connector().status, words(world.history("STATUS")), world.out.late) == (
        "FAULTED",
        ["Available", "Faulted"],
        [],
    )
    assert (world.one.version, world.one.last_seen_at) == ((1, 2), T0 + 2)
    overtaken = session.reported(T0 + 3, "Reserved")
    world.tell(session.reported(T0 + 4, "Charging"))
    before = world.document
    world.tell(overtaken)
    assert world.document == before
    assert [(row.reported, row.version, row.flags) for row in world.out.late] == [("Reserved", (1, 3), ("late",))]


# fences


def test_a_session_that_begins_with_an_old_epoch_is_fenced() -> None:
    new, old = Session(epoch=9, gateway="gw-1"), Session(epoch=5, gateway="gw-2")
    world = told([new.began(T0), old.began(T0 + 1)])
    assert world.out.fences == [("gw-2", Fence(charge_point_key=7, below=9, newest=9))]


def test_two_gateways_with_one_epoch_the_second_is_fenced() -> None:
    first, second = Session(epoch=5, gateway="gw-1"), Session(epoch=5, gateway="gw-2")
    world = told([first.began(T0), first.reported(T0, "Charging"), second.began(T0 + 1)])
    assert world.out.fences == [("gw-2", Fence(charge_point_key=7, below=6, newest=5))]
    assert (world.one.gateway_id, world.one.version) == ("gw-1", (5, 1))


def test_a_gateway_that_still_holds_the_old_socket_is_fenced() -> None:
    old, new = Session(epoch=5, gateway="gw-1"), Session(epoch=9, gateway="gw-2")
    world = told([old.began(T0), new.began(T0 + 1)])
    assert world.out.fences == [("gw-1", Fence(charge_point_key=7, below=9, newest=9))]


def test_nobody_is_fenced_when_the_old_socket_was_closed_or_was_our_own() -> None:
    old, new, newest = Session(epoch=5), Session(epoch=6, gateway="gw-2"), Session(epoch=7, gateway="gw-2")
    assert told([old.began(T0), old.ended(T0), new.began(T0 + 1), newest.began(T0 + 2)]).out.fences == []


# whose clock


def test_duplicates_are_counted_and_change_nothing() -> None:
    session = Session()
    events: list[Event] = [session.began(T0), session.reported(T0 + 1), session.ended(T0 + 2)]
    once, twice = told(events), told(events)
    twice.tell(*events)
    assert (twice.one, twice.out.history) == (once.one, once.out.history)
    assert (twice.out.duplicates, twice.out.fences) == (3, [])


def test_a_policy_of_no_grace_makes_every_gap_an_outage() -> None:
    before, after = Session(epoch=1), Session(epoch=2)
    events: list[Event] = [before.began(T0), before.ended(T0), after.began(T0 + 1)]
    assert words(told(events, Policy(close_grace_ms=0)).history()) == ["ONLINE", "OFFLINE", "ONLINE"]


def test_a_status_since_its_status_even_when_the_word_is_none_we_know() -> None:
    session = Session()
    world = told([session.began(T0), session.reported(T0 + 1, "Humming"), session.reported(T0 + 2, "Humming")])
    assert world.one.reports[1, 1].since == T0 + 1
    assert world.connector().normalized == "UNKNOWN"


def met_again(expired: Expired | None, *, leased: bool = True, gateway: str = "gw-2") -> World:
    """A charger of a gateway whose lease ran out is met by another gateway five minutes later."""
    session, later = Session(), Session(epoch=2, gateway=gateway)
    world = told([session.began(T0), session.reported(T0 + SECOND, "Charging")])
    world.one.expired = expired
    return world.tell(later.began(T0 + 5 * MINUTE, leased=leased))


DIED = Expired(renewed_at=T0 + 10 * SECOND, at=T0 + 20 * SECOND, ago=5 * MINUTE)


def test_an_outage_that_no_sweep_saw_is_known_from_the_lease_of_the_gateway_that_died() -> None:
    world = met_again(DIED)
    rows = world.history("CONNECTIVITY")
    assert words(rows) == ["ONLINE", "OFFLINE", "ONLINE"]
    assert [row.event_time for row in rows] == [T0, DIED.renewed_at, T0 + 5 * MINUTE]
    assert world.document.connectivity == "ONLINE"
    assert world.one.expired is None, "the next session does not die with that gateway again"


@pytest.mark.parametrize(
    "world",
    [
        met_again(None),
        met_again(DIED, leased=False),
        met_again(DIED, gateway="gw-1"),
        met_again(DIED._replace(at=T0 + 5 * MINUTE - Policy().close_grace_ms)),
        met_again(DIED._replace(ago=SECOND)),
    ],
    ids=[
        "it lives",
        "Postgres took no renewals",
        "the same gateway",
        "within the grace",
        "the newer one's clock is ahead",
    ],
)
def test_no_outage_is_made_up(world: World) -> None:
    assert words(world.history("CONNECTIVITY")) == ["ONLINE"]


def test_what_two_gateways_acknowledged_in_one_epoch_is_history_of_both() -> None:
    one, other = Session(epoch=5), Session(epoch=5, gateway="gw-2")
    world = told([one.began(T0), one.reported(T0 + 1, "Available"), other.began(T0 + 2)])
    charging = other.reported(T0 + 3, "Charging")
    world.tell(charging)
    assert [(row.reported, row.version, row.flags) for row in world.out.late] == [("Charging", (5, 1), ("late",))]
    assert world.out.fences[-1] == ("gw-2", Fence(7, below=6, newest=5))
    assert world.connector().reported == "Available"


def test_nobody_is_away_since_later_than_it_was_found_out() -> None:
    ahead, next_one = Session(epoch=1), Session(epoch=2, gateway="gw-2")
    world = told([ahead.began(T0 + HOUR), ahead.reported(T0 + HOUR, "Charging")])
    go_offline(world.one, T0 + HOUR, T0 + MINUTE, Policy(), world.out)
    world.tell(next_one.began(T0 + 2 * MINUTE))
    rows = world.history("CONNECTIVITY")
    assert words(rows) == ["ONLINE", "OFFLINE", "ONLINE"]
    assert [row.event_time for row in rows[1:]] == [T0 + MINUTE, T0 + 2 * MINUTE]
