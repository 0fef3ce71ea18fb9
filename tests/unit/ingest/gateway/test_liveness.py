"""When a charger is silent, and when it is pinged."""

import pytest

from ingest.gateway.session.liveness import MISSED_PONGS, Liveness

SILENCE_S, PING_S = 900.0, 45.0


@pytest.fixture
def liveness() -> Liveness:
    return Liveness(SILENCE_S, PING_S, now=0)


def test_it_is_silent_after_the_time_for_that_and_not_while_anything_comes(liveness: Liveness) -> None:
    assert not liveness.is_silent(SILENCE_S - 0.1)
    assert liveness.is_silent(SILENCE_S)
    liveness.heard(SILENCE_S)
    assert not liveness.is_silent(2 * SILENCE_S - 0.1)


def test_pings_come_in_their_interval_give_or_take_a_third(liveness: Liveness) -> None:
    now, sent = 0.0, list[float]()
    while len(sent) < 50:
        now += 0.5
        if liveness.wants_ping(now):
            sent.append(now)
    gaps = [after - before for before, after in zip([0.0, *sent], sent, strict=False)]
    assert all(PING_S * 0.66 <= gap <= PING_S * 1.34 + 0.5 for gap in gaps)
    assert len(set(gaps)) > 10, "a fleet that came at once must not be pinged at once"


@pytest.mark.parametrize("answers", [True, False])
def test_only_who_has_answered_pings_is_silent_for_missing_some(liveness: Liveness, answers: bool) -> None:
    liveness.answers_pings = answers
    now = 0.0
    for _ in range(MISSED_PONGS):
        assert not liveness.is_silent(now)
        now += PING_S * 1.34
        assert liveness.wants_ping(now)
    assert liveness.is_silent(now + PING_S * 1.34) is answers
    liveness.heard(now)
    assert not liveness.is_silent(now + PING_S * 1.34)
