"""Other hardware under the same id: what the former one said counts until the newer one had time to report."""

import pytest

from ingest.rollup.fold import hardware
from ingest.rollup.fold.fold import Policy
from shared.words import instant
from tests.events import HOUR, MINUTE, T0, Session
from tests.unit.ingest.rollup.worlds import World, told


def swapped(serial: str | None = "B", model: str = "M", protocol: str = "ocpp1.6") -> tuple[World, Session]:
    """Three places of the former one, of which the newer one has reported the first."""
    former, newer = Session(epoch=1), Session(epoch=2, protocol=protocol)
    world = told(
        [
            former.began(T0),
            former.booted(T0, serial="A"),
            former.reported(T0, "Faulted", (0, 0)),
            *(former.reported(T0, place=(evse, 1)) for evse in (1, 2, 3)),
            former.ended(T0),
            newer.began(T0 + HOUR),
            newer.booted(T0 + HOUR, serial=serial, model=model),
            newer.reported(T0 + HOUR, place=(1, 1)),
        ]
    )
    world.reload()
    return world, newer


def statuses(world: World) -> dict[int, tuple[str, str]]:
    return {evse.id: (evse.status, evse.connectors[0].reason) for evse in world.document.evses}


@pytest.mark.parametrize(
    ("changed", "number"),
    [({"serial": "B"}, 2), ({"serial": "A", "model": "N"}, 2), ({"serial": "A", "protocol": "ocpp2.0.1"}, 1)],
)
def test_places_that_other_hardware_does_not_report_are_unknown_and_then_gone(
    changed: dict[str, str], number: int
) -> None:
    world, newer = swapped(**changed)
    assert statuses(world)[2] == ("AVAILABLE", "OWN"), "it has time to report"
    hardware.mark_unreported(world.one, T0 + HOUR + 2 * MINUTE, Policy())
    world.reload()
    assert statuses(world) == {1: ("AVAILABLE", "OWN"), **dict.fromkeys((2, 3), ("UNKNOWN", "NOT_REPORTED"))}
    assert world.document.counts == {"AVAILABLE": 1, "UNKNOWN": 2}
    assert world.document.evses[1].since == instant.to_text(T0 + HOUR + 2 * MINUTE)
    world.tell(newer.reported(T0 + 2 * HOUR, place=(2, 1)))
    assert statuses(world)[2] == ("AVAILABLE", "OWN"), "one that is late is there all the same"
    hardware.forget(world.one, hardware.former(world.one), T0 + 26 * HOUR, Policy())
    assert world.one.forgotten == {(0, 0), (3, 1)}
    world.reload()
    assert [evse.id for evse in world.document.evses] == [1, 2]
    assert world.document.connector0 is None
    assert world.one.hardware_since is None
    assert world.document.hardware == number


def test_the_same_hardware_again_or_one_that_does_not_say_what_it_is_changes_nothing() -> None:
    for serial in ("A", None):
        world, _ = swapped(serial=serial)
        assert world.document.hardware == 1
        assert world.one.hardware_since is None


def test_who_does_not_say_what_it_is_is_known_by_what_was_said_last() -> None:
    first, second = Session(epoch=1), Session(epoch=2)
    world = told([first.began(T0), first.booted(T0, serial="A")])
    world.tell(second.began(T0 + HOUR), second.booted(T0 + HOUR, serial="a"), second.booted(T0 + HOUR, serial=None))
    assert world.document.hardware == 1, "neither nothing nor the case makes another of it"
    world.tell(second.booted(T0 + HOUR, serial="B"))
    assert world.document.hardware == 2
    world.tell(second.booted(T0 + HOUR, serial=None, model="N"))
    assert (world.document.hardware, world.one.serial) == (3, None), "the serial number was the former one's"


@pytest.mark.parametrize("by", ["boot", "dialect"])
def test_what_counted_as_not_reported_is_not_free_again_with_the_next_hardware(by: str) -> None:
    world, _ = swapped()
    hardware.mark_unreported(world.one, T0 + 2 * HOUR, Policy())
    third = Session(epoch=3, protocol="ocpp1.6" if by == "boot" else "ocpp2.1")
    world.tell(third.booted(T0 + 3 * HOUR, serial="C" if by == "boot" else "B"))
    assert statuses(world) == {1: ("AVAILABLE", "OWN")}
    world.reload()
    assert world.document.counts == {"AVAILABLE": 1}
    world.tell(third.reported(T0 + 3 * HOUR, "Charging", (2, 1)))
    assert world.document.counts == {"AVAILABLE": 1, "OCCUPIED": 1}


def test_places_of_former_hardware_make_room_for_those_that_are_there() -> None:
    former, newer = Session(epoch=1), Session(epoch=2, protocol="ocpp2.0.1")
    world = told(former.reported(T0, place=(evse, 1)) for evse in range(1, 256))
    world.tell(newer.began(T0 + HOUR), *(newer.reported(T0 + HOUR, place=(evse, 2)) for evse in range(1, 256)))
    assert (world.one.places, world.out.refused) == (255, 0)
    assert not hardware.former(world.one)
    world.tell(newer.reported(T0 + HOUR, place=(1, 1)))
    assert world.out.refused == 1


def test_the_same_place_makes_room_in_whatever_order_places_were_reported() -> None:
    gone = []
    for numbers in (range(1, 256), range(255, 0, -1)):
        world = told(Session(epoch=1).reported(T0, place=(evse, 1)) for evse in numbers)
        newer = Session(epoch=2, protocol="ocpp2.0.1")
        world.tell(newer.began(T0 + HOUR), newer.reported(T0 + HOUR, place=(1, 2)))
        gone.append(world.one.forgotten)
    assert gone == [{(255, 1)}, {(255, 1)}]


def test_hardware_that_reports_all_places_leaves_nothing_to_wait_for() -> None:
    world, newer = swapped()
    assert hardware.former(world.one) == [(0, 0), (2, 1), (3, 1)]
    world.tell(*(newer.reported(T0 + HOUR, place=place) for place in ((0, 0), (2, 1), (3, 1))))
    assert world.one.hardware_since is None
    assert world.document.hardware == 2


def test_former_hardware_caps_nothing_once_it_counts_as_not_reported() -> None:
    world, _ = swapped()
    hardware.mark_unreported(world.one, T0 + 2 * HOUR, Policy(connector0_mode="strict"))
    assert statuses(world)[1] == ("AVAILABLE", "OWN"), "its connector 0 was FAULTED"


def test_a_late_word_of_former_hardware_is_history_alone() -> None:
    world, _ = swapped()
    late = Session(epoch=1, sequence=50)
    world.tell(late.reported(T0, "Charging", (4, 1)))
    assert 4 not in statuses(world)
    assert [row.flags for row in world.out.late] == [("late",)]


def test_a_connector_that_is_forgotten_frees_its_sibling() -> None:
    session = Session(protocol="ocpp2.0.1")
    world = told([session.reported(T0, "Occupied", (1, 1)), session.reported(T0, "Available", (1, 2))])
    assert world.connector(1, 2).reason == "SIBLING_IN_USE"
    hardware.forget(world.one, [(1, 1)], T0 + MINUTE, Policy())
    world.reload()
    assert (world.connector(1, 2).status, world.document.counts) == ("AVAILABLE", {"AVAILABLE": 1})
