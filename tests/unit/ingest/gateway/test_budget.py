"""How much one connection may send: a burst, a rate, and patience with who wants more."""

from ingest.gateway.session.budget import BURST_S, Budget


def test_a_burst_is_there_at_once_and_comes_back_with_time() -> None:
    budget = Budget(10, 30, now=0)
    assert budget.left == 10 * BURST_S
    budget.left = 0
    assert not budget.refilled(now=0)
    assert budget.refilled(now=0.5)
    assert budget.left == 5
    budget.left = 0
    assert budget.refilled(now=10_000)
    assert budget.left == 10 * BURST_S


def test_a_large_frame_is_paid_for_later() -> None:
    budget = Budget(10, 30, now=0)
    budget.left -= 10 * BURST_S + 49
    assert not budget.refilled(now=4)
    assert budget.refilled(now=5)


def test_who_has_more_to_say_all_the_time_floods_and_who_was_read_to_the_end_does_not() -> None:
    budget = Budget(10, patience_s=30, now=0)
    for second in range(30):
        assert not budget.is_flooded(second)
        budget.left = 0
        budget.refilled(second)
        budget.refilled(second + 0.5)
    assert budget.is_flooded(30)
    budget.exceeded_since = None
    assert not budget.is_flooded(30)
