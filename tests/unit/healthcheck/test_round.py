"""All checks at once: none waits for another, none hides another."""

import threading
import time

from healthcheck import Clock, Result, Task, Told, together


def line(words: str) -> Result:
    return Result("api", "GET /v1/stats", "unhealthy", words)


def lost(words: str) -> Result | Told:
    return line(words)


def test_results_come_in_the_order_of_their_checks() -> None:
    first_may_end = threading.Event()

    def first(clock: Clock) -> list[Result | Told]:
        assert first_may_end.wait(clock.left())
        return [line("first")]

    def second(_: Clock) -> list[Result | Told]:
        first_may_end.set()
        return [line("second"), line("third")]

    found = together([Task(first, lost), Task(second, lost)], 5, time.monotonic() + 5)
    assert [one.detail for one in found if isinstance(one, Result)] == ["first", "second", "third"]


def test_what_does_not_end_is_left_behind_at_the_deadline() -> None:
    never = threading.Event()

    def hangs(_: Clock) -> list[Result | Told]:
        never.wait(30)
        return []

    began = time.monotonic()
    found = together([Task(hangs, lost), Task(lambda _: [line("well")], lost)], 5, began + 0.2)
    never.set()
    assert time.monotonic() - began < 5
    assert found == [line("no answer before the deadline"), line("well")]


def test_a_bug_in_one_check_is_said_and_hides_no_other() -> None:
    def broken(_: Clock) -> list[Result | Told]:
        raise ZeroDivisionError("oh")

    found = together([Task(broken, lost), Task(lambda _: [line("well")], lost)], 5, time.monotonic() + 5)
    assert found == [line("a bug of this check, please report it: ZeroDivisionError('oh')"), line("well")]
