"""Boots: what they end, which of them were asked for, and what is sent before and after."""

import pytest

from ingest.gateway.commands.pace import Pace
from ingest.gateway.commands.queue import ANSWER_S, CommandQueue, Interrupted, Unsent
from ingest.ocpp.commands import TriggerMessage
from ingest.ocpp.session import Answer
from tests.unit.ingest.gateway.commands.queues import OUT, RESET, SETTLE_S, UNLOCK, answer, take


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
