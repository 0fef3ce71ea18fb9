"""Which intents a charger is asked for, and when again."""

import pytest

from ingest.gateway.commands.tries import Tries
from ingest.ocpp.commands import ChangeAvailability
from shared.words.event import StatusReported
from tests.events import T0, Session

OUT, BACK = ChangeAvailability(False, 0, 0, 7), ChangeAvailability(True, 2, 1, 8)
WHOLE_OUT, WHOLE_BACK = ChangeAvailability(False, 0, 0, 20), ChangeAvailability(True, 0, 0, 21)


def status(reported: str, evse_id: int = 1, connector_id: int = 1) -> StatusReported:
    return Session(protocol="ocpp2.0.1").reported(T0, reported, (evse_id, connector_id))


@pytest.fixture
def tries() -> Tries:
    return Tries(is_2x=True)


def test_an_intent_is_tried_once_and_again_after_a_boot(tries: Tries) -> None:
    intents = (OUT, BACK)
    assert [tries.take(intents, ()) for _ in range(3)] == [OUT, BACK, None]
    tries.booted(is_asked_for=True)
    assert tries.take(intents, ()) is None, "it forgot nothing"
    tries.booted(is_asked_for=False)
    assert tries.take(intents, ()) == OUT


def test_what_was_tried_is_remembered_as_long_as_it_may_be_tried(tries: Tries) -> None:
    for version in range(1_000):
        change, agreed = ChangeAvailability(False, 1, 1, version), ChangeAvailability(False, 1, 1, 10_000 + version)
        assert tries.take((change,), (OUT,)) == change
        if version == 0:
            tries.booted(is_asked_for=False)
        tries.reported([status("Available")], (), [agreed])
    assert len(tries._tried) <= 2
    assert len(tries._broken) <= 2


@pytest.mark.parametrize(
    ("change", "reported", "is_broken"),
    [
        (OUT, status("Available"), True),
        (OUT, status("Charging"), True),
        (OUT, status("Unavailable"), False),
        (OUT, status("Faulted"), False),
        (OUT, status("Available", 0, 0), True),
        (BACK, status("Unavailable", 2), True),
        (BACK, status("Unavailable", 1), False),
        (BACK, status("Faulted", 2), False),
        (BACK, status("Available", 2), False),
        (ChangeAvailability(False, 2, 0, 9), status("Occupied", 2, 3), True),
        (ChangeAvailability(False, 2, 0, 9), status("Occupied", 1, 3), False),
        (ChangeAvailability(False, 2, 1, 9), status("Occupied", 2, 3), False),
    ],
)
def test_what_was_agreed_is_asked_again_after_a_boot_whose_statuses_disagree_once(
    tries: Tries, change: ChangeAvailability, reported: StatusReported, is_broken: bool
) -> None:
    tries.reported([reported], (), [change])
    assert tries.take((), [change]) is None, "it has not booted"
    tries.booted(is_asked_for=False)
    assert tries.take((), [change]) is None, "it has not said anything yet"
    tries.reported([reported], (), [change])
    assert tries.take((), [change]) == (change if is_broken else None)
    tries.reported([reported], (), [change])
    assert tries.take((), [change]) is None


@pytest.mark.parametrize(
    ("intents", "agreed", "reported", "again"),
    [
        ([WHOLE_BACK], [BACK, ChangeAvailability(False, 1, 1, 9)], "Available", None),
        ([], [WHOLE_BACK, ChangeAvailability(False, 1, 1, 9)], "Available", None),
        ([], [WHOLE_OUT, ChangeAvailability(True, 1, 1, 30)], "Available", None),
        ([], [WHOLE_OUT, ChangeAvailability(True, 1, 1, 30)], "Unavailable", ChangeAvailability(True, 1, 1, 30)),
        ([], [WHOLE_OUT, ChangeAvailability(True, 2, 1, 30)], "Available", WHOLE_OUT),
    ],
)
def test_what_was_asked_last_for_a_place_or_around_it_decides_what_its_status_breaks(
    tries: Tries,
    intents: list[ChangeAvailability],
    agreed: list[ChangeAvailability],
    reported: str,
    again: ChangeAvailability | None,
) -> None:
    tries.booted(is_asked_for=False)
    tries.reported([status(reported)], intents, agreed)
    assert tries.take((), agreed) == again


def test_all_that_a_boot_has_broken_is_asked_for_once_more_after_what_is_new(tries: Tries) -> None:
    first, second, new = (ChangeAvailability(False, evse, 1, version) for evse, version in ((1, 1), (2, 2), (3, 3)))
    tries.booted(is_asked_for=False)
    tries.reported([object(), status("Available", 1), status("Available", 2)], (), (first, second))
    assert [tries.take((new,), (first, second)) for _ in range(4)] == [new, first, second, None]
    tries.booted(is_asked_for=False)
    assert tries.take((), (first, second)) is None, "it has not said anything since"


def test_1_6_is_not_asked_for_what_it_has_no_words_for() -> None:
    tries = Tries(is_2x=False)
    second, first = ChangeAvailability(False, 1, 2, 1), ChangeAvailability(False, 1, 1, 2)
    assert [tries.take((second, first), ()) for _ in range(2)] == [first, None]
