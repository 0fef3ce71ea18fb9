"""What an older session still says beside a newer one, and which gateway is told to let go of it."""

from shared.words.gateways import Fence
from tests.events import SECOND, T0, Session
from tests.unit.ingest.rollup.worlds import told, words


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


def test_what_two_gateways_acknowledged_in_one_epoch_is_history_of_both() -> None:
    one, other = Session(epoch=5), Session(epoch=5, gateway="gw-2")
    world = told([one.began(T0), one.reported(T0 + 1, "Available"), other.began(T0 + 2)])
    charging = other.reported(T0 + 3, "Charging")
    world.tell(charging)
    assert [(row.reported, row.version, row.flags) for row in world.out.late] == [("Charging", (5, 1), ("late",))]
    assert world.out.fences[-1] == ("gw-2", Fence(7, below=6, newest=5))
    assert world.connector().reported == "Available"


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
