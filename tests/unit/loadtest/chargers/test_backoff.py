"""How long a charger stays away."""

from random import Random

from loadtest.chargers.backoff import FIRST_S, LONGEST_S, backoff_s


def test_it_doubles_up_to_a_cap_and_is_jittered() -> None:
    rng = Random(1)
    waits = [backoff_s(attempt, rng) for attempt in range(100)]
    assert all(wait <= min(LONGEST_S, FIRST_S * 2**n) for n, wait in enumerate(waits))
    assert all(wait >= min(LONGEST_S, FIRST_S * 2**n) / 2 for n, wait in enumerate(waits))
    assert len(set(waits[20:])) > 1
