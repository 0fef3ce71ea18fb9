"""Which records go into the next batch of a partition."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from ingest.gateway.publishing.batches import BATCH_BYTES, Ticket, next_batch

LARGE = BATCH_BYTES // 3


def ticket(*values: bytes, key: bytes = b"CP1", at: int = 1) -> Ticket:
    return Ticket(key, values, at, None)


def batches(waiting: deque[Ticket]) -> list[list[bytes]]:
    """All batches until nothing waits."""
    made = []
    while waiting:
        made.append([value for _, value in next_batch(waiting)[1]])
    return made


def test_all_that_fits_goes_in_one_batch_in_order() -> None:
    waiting = deque([ticket(b"a", b"b", at=1), ticket(b"c", key=b"CP2", at=2)])
    tickets, records = next_batch(waiting)
    assert [(one.at, one.key, value) for one, value in records] == [
        (1, b"CP1", b"a"),
        (1, b"CP1", b"b"),
        (2, b"CP2", b"c"),
    ]
    assert [one.sent for one in tickets] == [2, 1]
    assert not waiting


def test_nothing_waiting_is_no_batch() -> None:
    assert next_batch(deque()) == ([], [])


def test_a_frame_that_does_not_fit_whole_goes_on_in_the_next() -> None:
    frame = ticket(*(b"x" * LARGE for _ in range(5)))
    waiting = deque([ticket(b"before"), frame, ticket(b"behind")])
    tickets, records = next_batch(waiting)
    assert len(records) == 3
    assert (frame.sent, tickets[-1] is frame, waiting[0] is frame) == (2, True, True)
    tickets, records = next_batch(waiting)
    assert (frame.sent, len(records), tickets[0] is frame) == (4, 2, True)
    tickets, records = next_batch(waiting)
    assert [value for _, value in records][1:] == [b"behind"]
    assert frame.sent == 5
    assert not waiting


def test_a_value_larger_than_a_batch_goes_alone() -> None:
    giant = b"x" * (2 * BATCH_BYTES)
    assert batches(deque([ticket(b"a"), ticket(giant), ticket(b"b")])) == [[b"a"], [giant], [b"b"]]


def test_withdrawn_frames_are_passed_over() -> None:
    first, gone, last = ticket(b"first"), ticket(b"gone"), ticket(b"last")
    assert gone.withdraw() is True
    tickets, records = next_batch(waiting := deque([first, gone, last]))
    assert [value for _, value in records] == [b"first", b"last"]
    assert tickets == [first, last]
    assert not waiting


def test_only_withdrawn_frames_are_no_batch() -> None:
    gone = ticket(b"gone")
    gone.withdraw()
    assert next_batch(deque([gone])) == ([], [])


def test_a_frame_that_is_partly_under_way_cannot_be_withdrawn_and_goes_on() -> None:
    frame = ticket(*(b"x" * LARGE for _ in range(3)))
    waiting = deque([frame])
    next_batch(waiting)
    assert frame.withdraw() is False
    assert frame.on_done is None
    next_batch(waiting)
    assert frame.sent == 3


def test_a_frame_that_waits_behind_a_full_batch_can_still_be_withdrawn() -> None:
    behind = ticket(b"y" * LARGE)
    waiting = deque([ticket(b"x" * LARGE, b"x" * LARGE), behind])
    next_batch(waiting)
    assert behind.withdraw() is True
    assert next_batch(waiting) == ([], [])


@given(st.lists(st.lists(st.integers(0, LARGE), min_size=1, max_size=5), max_size=12))
def test_every_record_goes_out_once_in_order_in_batches_that_fit(frames: list[list[int]]) -> None:
    values = [[b"%d.%d" % (n, m) + b"x" * size for m, size in enumerate(frame)] for n, frame in enumerate(frames)]
    made = batches(deque(ticket(*frame) for frame in values))
    assert [value for batch in made for value in batch] == [value for frame in values for value in frame]
    assert all(sum(map(len, batch)) <= BATCH_BYTES for batch in made)
