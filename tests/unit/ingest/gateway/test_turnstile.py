"""How often an address may be refused."""

from ingest.gateway.admission import Turnstile

MINUTE = 7


def refused(turnstile: Turnstile, address: str, times: int, minute: int = MINUTE) -> None:
    for _ in range(times):
        turnstile.refused(address, minute)


def test_it_shuts_after_so_many_refusals_and_only_for_that_address() -> None:
    turnstile = Turnstile(per_minute=3)
    refused(turnstile, "bad", 2)
    assert not turnstile.is_shut("bad", MINUTE)
    refused(turnstile, "bad", 1)
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


def test_zero_means_no_limit() -> None:
    turnstile = Turnstile(per_minute=0)
    refused(turnstile, "bad", 1000)
    assert not turnstile.is_shut("bad", MINUTE)


def test_it_remembers_a_bounded_number_of_addresses_and_forgets_the_least_recent() -> None:
    turnstile = Turnstile(per_minute=1)
    for n in range(25_000):
        turnstile.refused(f"address-{n}", MINUTE)
        turnstile.refused("again and again", MINUTE)
    assert len(turnstile._counts) <= 10_000
    assert turnstile.is_shut("again and again", MINUTE)
    assert turnstile.is_shut("address-24999", MINUTE)
    assert not turnstile.is_shut("address-0", MINUTE)
