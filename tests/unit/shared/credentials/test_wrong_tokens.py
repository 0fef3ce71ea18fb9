"""Wrong tokens by address and minute; what is remembered and logged is bounded."""

import pytest

from shared.credentials import wrong_tokens
from shared.credentials.wrong_tokens import WrongTokens


def test_an_address_waits_for_the_next_minute_and_others_do_not() -> None:
    now = [119.0]
    counting = WrongTokens(2, lambda: now[0])
    assert [counting.wait_s("a") for _ in range(4)] == [0, 0, 1, 1]
    assert counting.wait_s("b") == 0
    now[0] = 120
    assert [counting.wait_s("a") for _ in range(3)] == [0, 0, 60]


def test_without_a_limit_they_are_logged_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    counting = WrongTokens(0, lambda: 0)
    assert not any(counting.wait_s("a") for _ in range(1000))
    assert len(caplog.records) == 1


def test_more_addresses_than_are_remembered_share_one_count(caplog: pytest.LogCaptureFixture) -> None:
    counting = WrongTokens(5, lambda: 0)
    waits = [counting.wait_s(str(number)) for number in range(3 * wrong_tokens.ADDRESSES)]
    assert not any(waits[: wrong_tokens.ADDRESSES + 5])
    assert all(waits[wrong_tokens.ADDRESSES + 5 :])
    assert len(caplog.records) == wrong_tokens.ADDRESSES + 1
