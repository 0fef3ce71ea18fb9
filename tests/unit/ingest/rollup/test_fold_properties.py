"""What holds of every history of a charge point, however it is delivered, batched, swept and reloaded."""

import copy
import itertools
from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.rollup.fold.fold import Policy, go_offline
from ingest.rollup.fold.state import Place, Version
from shared.words.event import Event, SessionBegan, StatusReported
from tests.events import HOUR, SECOND, T0, Session
from tests.unit.ingest.rollup.worlds import World, told

POLICY = Policy(close_grace_ms=60_000)
WORDS = ("Available", "Charging", "Reserved", "Unavailable", "Faulted")
PLACES: tuple[Place, ...] = ((0, 0), (1, 0), (1, 1), (1, 2), (2, 1))

whens = st.sampled_from([0, 1, SECOND, 59 * SECOND, 60 * SECOND, 61 * SECOND, HOUR])
clocks = st.sampled_from([None, 0, -HOUR, -SECOND, 4 * 60 * SECOND, 6 * 60 * SECOND, 2 * HOUR])
reports = st.tuples(st.sampled_from(WORDS), st.sampled_from(PLACES), clocks, whens)
ends = st.sampled_from([None, "closed", "silent", "going_away"])
sessions = st.lists(st.tuples(st.lists(reports, max_size=4), ends, whens, st.booleans()), min_size=1, max_size=4)


@st.composite
def journeys(draw: st.DrawFn) -> list[list[Event]]:
    """The sessions of a charge point one after the other, on two gateways, with a charger's clock that wanders."""
    told_sessions: list[list[Event]] = []
    now = T0
    for number, (reported, end, pause, elsewhere) in enumerate(draw(sessions)):
        session = Session(epoch=10 * (number + 1), gateway="gw-2" if elsewhere else "gw-1")
        events: list[Event] = [session.began(now)]
        for word, place, clock, wait in reported:
            now += wait
            events.append(session.reported(now, word, place, says=None if clock is None else now + clock))
        if end is not None:
            now += SECOND
            events.append(session.ended(now, end, heard_at=now - SECOND))  # type: ignore[arg-type]
        told_sessions.append(events)
        now += pause
    return told_sessions


def flat(journey: Sequence[Sequence[Event]]) -> list[Event]:
    return [event for session in journey for event in session]


def interleaved(journey: Sequence[Sequence[Event]], choose: Callable[[Sequence[int]], int]) -> list[Event]:
    """The same events with the sessions overlapping, each session's own order kept."""
    left = [list(session) for session in journey]
    order: list[Event] = []
    while any(left):
        order.append(left[choose([number for number, events in enumerate(left) if events])].pop(0))
    return order


def reported_state(world: World) -> dict[Place, tuple[str, Version]]:
    return {place: (report.reported, report.version) for place, report in world.one.reports.items()}


@given(journeys(), st.data())
def test_duplicates_change_nothing(journey: list[list[Event]], data: st.DataObject) -> None:
    events = flat(journey)
    repeated = [event for event in events for _ in range(data.draw(st.integers(1, 3)))]
    once, again = told(events, POLICY), told(repeated, POLICY)
    assert (again.one, again.out.history) == (once.one, once.out.history)


@given(journeys(), st.data())
def test_a_redelivered_prefix_changes_no_state(journey: list[list[Event]], data: st.DataObject) -> None:
    events = flat(journey)
    cut = data.draw(st.integers(0, len(events)))
    start = data.draw(st.integers(0, cut))
    once, again = told(events, POLICY), told([*events[:cut], *events[start:cut], *events[cut:]], POLICY)
    assert again.one == once.one
    assert again.out.history == once.out.history
    known = {(row.kind, row.version, row.received_at) for row in once.out.history}
    repeats = {event.id for event in events[start:cut]}
    assert {f"7:{row.version[0]}:{row.version[1]}" for row in again.out.late} <= repeats
    assert all((row.kind, row.version, row.received_at) in known or "late" in row.flags for row in again.out.late)


@given(journeys(), st.data())
def test_overlapping_sessions_end_in_the_same_state(journey: list[list[Event]], data: st.DataObject) -> None:
    order = interleaved(journey, lambda numbers: data.draw(st.sampled_from(list(numbers))))
    straight, shuffled = told(flat(journey), POLICY), told(order, POLICY)
    assert reported_state(shuffled) == reported_state(straight)
    assert shuffled.one.version == straight.one.version
    assert shuffled.one.connectivity == straight.one.connectivity
    assert shuffled.one.closed_at == straight.one.closed_at
    assert shuffled.one.gateway_id == straight.one.gateway_id
    statuses = {evse.id: evse.status for evse in shuffled.document.evses}
    assert statuses == {evse.id: evse.status for evse in straight.document.evses}
    assert shuffled.document.status == straight.document.status


@given(journeys(), st.data())
def test_a_late_frame_changes_no_state_and_is_flagged(journey: list[list[Event]], data: st.DataObject) -> None:
    world = World(POLICY)
    for event in interleaved(journey, lambda numbers: data.draw(st.sampled_from(list(numbers)))):
        known = (
            world.one.reports.get((event.evse_id, event.connector_id)) if isinstance(event, StatusReported) else None
        )
        is_late = known is not None and known.version > (event.epoch, event.sequence)
        before, lines = copy.deepcopy(world.one), len(world.out.late)
        world.tell(event)
        if is_late:
            assert world.one == before
            assert all("late" in row.flags for row in world.out.late[lines:])
            assert len(world.out.late) == lines + 1


@given(journeys(), st.data())
def test_batches_and_reloads_between_them_do_not_show(journey: list[list[Event]], data: st.DataObject) -> None:
    whole, parts = told(flat(journey), POLICY), World(POLICY)
    for event in flat(journey):
        if data.draw(st.booleans()):
            parts.reload()
        parts.tell(event)
    whole.reload()
    parts.reload()
    assert parts.one == whole.one
    assert parts.document == whole.document
    assert (parts.out.history, parts.out.late, parts.out.fences) == (
        whole.out.history,
        whole.out.late,
        whole.out.fences,
    )


@given(journeys(), st.lists(st.booleans(), min_size=1, max_size=24))
def test_whether_the_sweep_came_first_does_not_show(journey: list[list[Event]], sweeps: list[bool]) -> None:
    """But in when the outage was found out."""
    unswept, swept = told(flat(journey), POLICY), World(POLICY)
    for event, sweep in zip(flat(journey), itertools.cycle(sweeps), strict=False):
        closed_at, seen_at = swept.one.closed_at, swept.one.last_seen_at
        if sweep and closed_at is not None and seen_at is not None and event.received_at - closed_at > 60_000:
            go_offline(swept.one, seen_at, event.received_at - 1, POLICY, swept.out)
        swept.tell(event)
    assert swept.one == unswept.one
    assert [row._replace(received_at=0) for row in swept.out.history] == [
        row._replace(received_at=0) for row in unswept.out.history
    ]


@given(journeys())
def test_history_lines_have_identities_of_their_own_and_times_not_after_their_receipt(
    journey: list[list[Event]],
) -> None:
    world = told(flat(journey), POLICY)
    identities = [(row.kind, row.place, row.version, row.received_at) for row in world.out.history]
    assert len(set(identities)) == len(identities)
    assert all(row.event_time <= row.received_at for row in world.out.history)
    connectivity = [row.reported for row in world.history("CONNECTIVITY")]
    assert all(one != other for one, other in itertools.pairwise(connectivity))


@settings(max_examples=50)
@given(journeys())
def test_every_fence_names_an_epoch_that_the_newest_session_survives(journey: list[list[Event]]) -> None:
    for order in (flat(journey), flat(journey[::-1])):
        world = told(order, POLICY)
        for _, fence in world.out.fences:
            assert fence.below <= max(session[0].epoch for session in journey)
    assert isinstance(journey[0][0], SessionBegan)
