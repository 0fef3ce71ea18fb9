"""How often somebody may be refused in a minute."""

from ingest.gateway.handshake.refusal_limit import HELD, Turnstile

MINUTE = 7


def refused(turnstile: Turnstile, who: str, times: int, minute: int = MINUTE) -> None:
    for _ in range(times):
        turnstile.refused(who, minute)


def test_it_shuts_after_so_many_refusals_and_only_for_them() -> None:
    turnstile = Turnstile(per_minute=3)
    refused(turnstile, "bad", 2)
    assert not turnstile.is_shut("bad", MINUTE)
    assert turnstile.refused("bad", MINUTE), "this one shuts it"
    assert not turnstile.refused("bad", MINUTE)
    assert turnstile.is_shut("bad", MINUTE)
    assert not turnstile.is_shut("good", MINUTE)


def test_it_opens_with_the_next_minute_and_counts_anew() -> None:
    turnstile = Turnstile(per_minute=3)
    refused(turnstile, "bad", 30)
    assert not turnstile.is_shut("bad", MINUTE + 1)
    refused(turnstile, "bad", 2, MINUTE + 1)
    assert not turnstile.is_shut("bad", MINUTE + 1)
    refused(turnstile, "bad", 1, MINUTE + 1)
    assert turnstile.is_shut("bad", MINUTE + 1)


def test_what_was_none_is_taken_back() -> None:
    turnstile = Turnstile(per_minute=2)
    refused(turnstile, "one", 2)
    turnstile.forgiven("one", MINUTE)
    assert not turnstile.is_shut("one", MINUTE)
    for who, minute in (("one", MINUTE + 1), ("stranger", MINUTE)):
        turnstile.forgiven(who, minute)
        assert turnstile.count(who, minute) == 0


def test_zero_means_no_limit() -> None:
    turnstile = Turnstile(per_minute=0)
    refused(turnstile, "bad", 1000)
    assert not turnstile.is_shut("bad", MINUTE)


def test_it_remembers_a_bounded_number_and_forgets_the_least_recent() -> None:
    turnstile = Turnstile(per_minute=1)
    for n in range(2 * HELD):
        turnstile.refused(f"one-{n}", MINUTE)
        turnstile.refused("again and again", MINUTE)
    assert len(turnstile._counts) <= HELD
    assert turnstile.is_shut("again and again", MINUTE)
    assert turnstile.is_shut(f"one-{2 * HELD - 1}", MINUTE)
    assert not turnstile.is_shut("one-0", MINUTE)
