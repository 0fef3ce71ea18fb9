"""What is sent to a charger next, what never, and what whoever asked is told."""

import asyncio
from collections.abc import Callable

import pytest

from ingest.gateway.commands.pace import Pace
from ingest.gateway.commands.queue import ANSWER_S, WAITING, CommandQueue, Interrupted, Unsent
from ingest.ocpp.calls import Busy
from ingest.ocpp.commands import ChangeAvailability, Command, Reset, Resync, TriggerMessage, UnlockConnector
from ingest.ocpp.session import Answer
from shared.words.event import StatusReported

SETTLE_S = 45.0
RESET, UNLOCK = Reset("graceful"), UnlockConnector(1, 1)
OUT = ChangeAvailability(False, 0, 0, 7)


@pytest.fixture
def queue() -> CommandQueue:
    """Of a charger that has said something."""
    queue = CommandQueue(0, SETTLE_S, is_2x=False)
    queue.heard()
    return queue


def take(queue: CommandQueue, now: float) -> Command | None:
    return queue.take((), (), now, None)


def answer(queue: CommandQueue, command: Command, now: float = 1, *, is_late: bool = False) -> None:
    queue.answered(Answer(command, "Accepted", None, is_late), now)


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


async def test_a_boot_ends_what_is_under_way(queue: CommandQueue) -> None:
    sent = queue.add(RESET, 10)
    take(queue, 0)
    assert queue.booted(1)
    with pytest.raises(Interrupted, match="restarted"):
        await sent
    assert queue.take((OUT,), (), 1, None) == OUT
    answer(queue, OUT)
    assert not queue.booted(2)
    assert queue.take((OUT,), (), 2, None) == OUT, "it may have forgotten"
    answer(queue, OUT)
    queue.add(UNLOCK, 10)
    assert take(queue, 3) == UNLOCK


async def test_a_boot_that_was_asked_for_ends_nothing(queue: CommandQueue) -> None:
    asked = queue.add(TriggerMessage("BootNotification"), 10)
    take(queue, 0)
    assert not queue.booted(1)
    answer(queue, TriggerMessage("BootNotification"))
    assert (await asked).status == "Accepted"


async def test_the_boot_that_an_answered_trigger_brings_ends_nothing_and_the_next_does(queue: CommandQueue) -> None:
    queue.add(TriggerMessage("BootNotification"), 10)
    take(queue, 0)
    answer(queue, TriggerMessage("BootNotification"))
    unlocked = queue.add(UNLOCK, 10)
    assert take(queue, 2) == UNLOCK
    assert not queue.booted(3)
    answer(queue, UNLOCK)
    assert (await unlocked).status == "Accepted"
    queue.add(RESET, 10)
    assert take(queue, 4) == RESET
    assert queue.booted(5)


async def test_a_boot_that_comes_before_the_answer_to_its_trigger_is_the_one_that_was_asked_for(
    queue: CommandQueue,
) -> None:
    trigger = TriggerMessage("BootNotification")
    assert queue.take((OUT,), (), 0, None) == OUT
    answer(queue, OUT)
    asked = queue.add(trigger, 10)
    assert take(queue, 0) == trigger
    assert not queue.booted(1)
    answer(queue, trigger)
    assert (await asked).status == "Accepted"
    assert queue.take((OUT,), (), 2, None) is None, "it forgot nothing"
    queue.add(RESET, 10)
    assert take(queue, 3) == RESET
    assert queue.booted(4), "a restart, however soon"


@pytest.mark.parametrize(
    ("status", "is_restart"), [("Accepted", False), ("Rejected", True), ("NotImplemented", True), (None, True)]
)
async def test_only_who_said_that_it_will_boot_is_expected_to(
    queue: CommandQueue, status: str | None, is_restart: bool
) -> None:
    trigger = TriggerMessage("BootNotification")
    queue.add(trigger, 10)
    take(queue, 0)
    queue.answered(Answer(trigger, status, None), 1)
    queue.add(RESET, 10)
    assert take(queue, 2) == RESET
    assert queue.booted(3) is is_restart
    queue.end()


async def test_the_boot_that_a_trigger_brings_may_come_after_it_was_given_up(queue: CommandQueue) -> None:
    trigger = TriggerMessage("BootNotification")
    queue.add(trigger, 10)
    take(queue, 0)
    queue.overdue(ANSWER_S)
    queue.add(RESET, 100)
    assert take(queue, ANSWER_S) == RESET
    answer(queue, trigger, ANSWER_S + 20, is_late=True)
    assert not queue.booted(2 * ANSWER_S + 10)
    queue.end()


async def test_a_second_boot_while_a_trigger_is_under_way_is_a_restart(queue: CommandQueue) -> None:
    asked = queue.add(TriggerMessage("BootNotification"), 10)
    take(queue, 0)
    assert [queue.booted(1), queue.booted(2)] == [False, True]
    with pytest.raises(Interrupted):
        await asked


async def test_who_is_accepted_by_a_change_is_asked_for_nothing_but_its_boot_until_it_knows(
    queue: CommandQueue,
) -> None:
    boot = TriggerMessage("BootNotification")
    queue.registered(0)
    unlock = queue.add(UNLOCK, 1000)
    assert queue.take((OUT,), (), 500, Pace(10, 0)) is None
    queue.add(boot, 1000)
    assert queue.take((OUT,), (), 501, Pace(10, 0)) == boot
    answer(queue, boot, 502)
    assert queue.take((OUT,), (), 503, Pace(10, 0)) is None
    queue.booted(504)
    queue.heard(is_told=False)
    assert queue.take((OUT,), (), 505, Pace(10, 0)) is None, "its answer was on its way before the change"
    queue.heard()
    assert queue.take((OUT,), (), 506, Pace(10, 0)) == UNLOCK
    queue.end()
    with pytest.raises(Interrupted):
        await unlock


async def test_who_waits_for_one_that_does_not_know_yet_is_told_so(queue: CommandQueue) -> None:
    queue.registered(0)
    unlock = queue.add(UNLOCK, 10)
    queue.overdue(10)
    with pytest.raises(Unsent, match="does not know yet"):
        await unlock


async def test_after_a_boot_that_was_refused_nothing_is_sent_before_the_next_frame(queue: CommandQueue) -> None:
    queue.booted(0)
    queue.boot_refused(0)
    unlock = queue.add(UNLOCK, 10)
    assert take(queue, 9) is None
    queue.heard()
    assert take(queue, 9) == UNLOCK
    queue.end()
    with pytest.raises(Interrupted):
        await unlock


async def test_nothing_is_sent_before_the_first_frame_or_until_it_has_settled() -> None:
    queue = CommandQueue(0, SETTLE_S, is_2x=False)
    queue.add(RESET, 100)
    assert (take(queue, 0), take(queue, SETTLE_S - 0.1)) == (None, None)
    assert take(queue, SETTLE_S) == RESET
    queue = CommandQueue(0, SETTLE_S, is_2x=False)
    queue.add(RESET, 100)
    queue.heard()
    assert take(queue, 1) == RESET


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


async def test_a_pending_charger_is_asked_for_its_boot_and_for_nothing_else(queue: CommandQueue) -> None:
    boot = TriggerMessage("BootNotification")
    queue.add(UNLOCK, 10)
    asked, again = queue.add(boot, 10), queue.add(boot, 10)
    assert queue.take_boot(0) == boot
    assert queue.take_boot(1) is None, "it has not answered"
    answer(queue, boot)
    assert (await asked).status == "Accepted"
    again.cancel()
    assert queue.take_boot(2) is None, "who asked is gone"
    assert take(queue, 3) == UNLOCK, "it was accepted"


async def test_a_pending_charger_is_asked_for_its_boot_after_its_first_frame_and_in_time() -> None:
    queue, boot = CommandQueue(0, SETTLE_S, is_2x=False), TriggerMessage("BootNotification")
    late = queue.add(boot, 10)
    assert queue.take_boot(1) is None
    queue.heard()
    assert queue.take_boot(10) is None
    queue.overdue(10)
    with pytest.raises(Unsent):
        await late


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


ALL = [
    StatusReported(
        charge_point_id="CP1",
        charge_point_key=7,
        epoch=1_800_000_000_000,
        sequence=0,
        received_at=1_800_000_000_000,
        gateway_id="g",
        protocol="ocpp1.6",
        evse_id=place,
        connector_id=place,
        reported="Available",
    )
    for place in (0, 1)
]


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
