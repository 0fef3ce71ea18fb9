"""What is sent to a charger next, what never, and what whoever asked is told."""

import asyncio
from collections.abc import Callable

import pytest

from ingest.gateway.commands.pace import Pace
from ingest.gateway.commands.queue import ANSWER_S, WAITING, CommandQueue, Interrupted, Unsent
from ingest.ocpp.calls import Busy
from ingest.ocpp.commands import Resync, TriggerMessage
from ingest.ocpp.session import Answer
from tests.events import T0, Session
from tests.unit.ingest.gateway.commands.queues import OUT, RESET, SETTLE_S, UNLOCK, answer, take

SESSION = Session()
ALL = [SESSION.reported(T0, place=(0, 0)), SESSION.reported(T0, place=(1, 1))]


async def test_one_is_under_way_at_a_time_in_order(queue: CommandQueue) -> None:
    first, second = queue.add(RESET, 10), queue.add(UNLOCK, 10)
    assert (take(queue, 0), take(queue, 1)) == (RESET, None)
    answer(queue, RESET)
    assert take(queue, 2) == UNLOCK
    answer(queue, UNLOCK)
    assert [(await one).command for one in (first, second)] == [RESET, UNLOCK]


async def test_what_was_not_sent_by_its_deadline_is_never_sent_and_says_why(queue: CommandQueue) -> None:
    queue.add(RESET, 10)
    waiting = queue.add(UNLOCK, 10)
    assert take(queue, 0) == RESET
    assert queue.overdue(9.9) is None
    assert not waiting.done()
    queue.overdue(10)
    with pytest.raises(Unsent, match="has not answered Reset yet"):
        await waiting
    answer(queue, RESET)
    assert take(queue, 11) is None


async def test_a_deadline_holds_even_if_nobody_looked_in_time(queue: CommandQueue) -> None:
    waiting = queue.add(UNLOCK, 10)
    assert take(queue, 10) is None
    with pytest.raises(Unsent):
        await waiting


async def test_what_was_sent_and_is_not_answered_makes_room_for_the_next(queue: CommandQueue) -> None:
    sent = queue.add(RESET, 10)
    assert take(queue, 0) == RESET
    assert queue.overdue(ANSWER_S - 0.1) is None
    assert queue.overdue(ANSWER_S) == RESET
    with pytest.raises(TimeoutError):
        await sent
    queue.add(UNLOCK, 100)
    assert take(queue, 31) == UNLOCK
    queue.add(RESET, 100)
    answer(queue, RESET, is_late=True)
    assert take(queue, 32) is None, "a late answer ends nothing that is under way"


@pytest.mark.parametrize("is_answered", [False, True])
async def test_what_becomes_of_an_operators_question_says_nothing_of_ours(
    queue: CommandQueue, is_answered: bool
) -> None:
    queue.statuses.known(())
    assert queue.take((), (), SETTLE_S, Pace(10, 0)) == Resync()
    answer(queue, Resync(), SETTLE_S)
    asked = queue.add(TriggerMessage("Heartbeat"), SETTLE_S + 10)
    queue.take((), (), SETTLE_S, Pace(10, 0))
    if is_answered:
        queue.answered(Answer(TriggerMessage("Heartbeat"), "Rejected", None), SETTLE_S + 1)
        assert queue.take((), (), SETTLE_S + 2, Pace(10, 0)) is None, "its report may still come"
    else:
        queue.overdue(SETTLE_S + ANSWER_S)
        assert isinstance(queue.take((), (), SETTLE_S + ANSWER_S, Pace(10, 0)), TriggerMessage)
    assert asked.done()
    asked.exception()


async def test_the_end_of_the_session_tells_what_was_sent_from_what_was_not(queue: CommandQueue) -> None:
    sent, waiting = queue.add(RESET, 10), queue.add(UNLOCK, 10)
    take(queue, 0)
    queue.end()
    with pytest.raises(Interrupted, match="left"):
        await sent
    with pytest.raises(ConnectionError):
        await waiting


async def test_too_many_are_told_at_once(queue: CommandQueue) -> None:
    for _ in range(WAITING):
        queue.add(UNLOCK, 10)
    with pytest.raises(Busy, match="wait for this charger"):
        queue.add(UNLOCK, 10)


async def test_who_does_not_wait_any_more_is_not_served(queue: CommandQueue) -> None:
    gone = asyncio.ensure_future(queue.add(UNLOCK, 10))
    gone.cancel()
    assert take(queue, 0) is None


async def test_who_goes_before_the_answer_hinders_nobody(queue: CommandQueue) -> None:
    gone = queue.add(RESET, 10)
    assert take(queue, 0) == RESET
    gone.cancel()
    answer(queue, RESET)
    queue.add(UNLOCK, 100).cancel()
    waiting = queue.add(UNLOCK, 10)
    queue.overdue(10)
    with pytest.raises(Unsent):
        await waiting


def test_operators_come_first_then_intents_then_missing_statuses() -> None:
    queue = CommandQueue(0, SETTLE_S, is_2x=False)
    queue.statuses.known(())
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(_added(queue))
        said = []
        for now in range(100, 103):
            said.append(queue.take((OUT,), (), now, Pace(10, 0)))
            answer(queue, said[-1] or RESET, now)
        assert said == [UNLOCK, OUT, Resync()]
    finally:
        loop.close()


async def _added(queue: CommandQueue) -> None:
    queue.add(UNLOCK, 1000)


def test_what_it_reports_is_missing_no_more_and_may_not_be_what_it_agreed_to(queue: CommandQueue) -> None:
    queue.booted(0)
    queue.statuses.known(())
    queue.reported(ALL, (), (OUT,))
    assert queue.take((), (OUT,), 100, Pace(10, 0)) == OUT
    answer(queue, OUT, 101)
    assert queue.take((), (OUT,), 102, Pace(10, 0)) is None


def test_who_refuses_to_report_all_is_asked_for_one_after_the_other(queue: CommandQueue) -> None:
    queue.statuses.known([(0, 0), (1, 1)])
    assert queue.take((), (), SETTLE_S, Pace(10, 0)) == Resync()
    queue.answered(Answer(Resync(), "Rejected", None), SETTLE_S + 1)
    assert queue.take((), (), SETTLE_S + 1, Pace(10, 0)) == TriggerMessage("StatusNotification", 1, 1)


@pytest.mark.parametrize("begins", [CommandQueue.registered, CommandQueue.booted])
def test_who_is_accepted_by_a_change_or_boots_has_reported_nothing(
    queue: CommandQueue, begins: Callable[[CommandQueue, float], object]
) -> None:
    queue.reported(ALL, (), ())
    begins(queue, 100)
    queue.heard()
    queue.statuses.known(())
    assert queue.take((), (), 100 + SETTLE_S, Pace(10, 0)) == Resync()


@pytest.mark.parametrize("is_2x", [False, True])
def test_without_a_pace_no_statuses_are_asked_for(is_2x: bool) -> None:
    queue = CommandQueue(0, SETTLE_S, is_2x=is_2x)
    queue.statuses.known(())
    assert queue.take((), (), 1000, None) is None


async def test_the_turn_of_who_left_is_free(queue: CommandQueue) -> None:
    pace = Pace(1, SETTLE_S)
    pace.turn(SETTLE_S)
    queue.statuses.known([(1, 1)])
    assert queue.take((), (), SETTLE_S, pace) is None
    queue.end()
    assert pace.turn(SETTLE_S) == SETTLE_S + 1


async def test_a_deadline_is_over_when_it_is_whoever_waits_before(queue: CommandQueue) -> None:
    long, short, gone = queue.add(RESET, 100), queue.add(UNLOCK, 50), queue.add(UNLOCK, 100)
    gone.cancel()
    queue.overdue(50)
    assert (long.done(), type(short.exception())) == (False, Unsent)
    for _ in range(WAITING - 1):
        queue.add(UNLOCK, 100)
