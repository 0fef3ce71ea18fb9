"""How often somebody may be refused in a minute."""

from ingest.gateway.handshake.refusal_limit import HELD, RefusalLimit

MINUTE = 7


def refused(limit: RefusalLimit, who: str, times: int, minute: int = MINUTE) -> None:
    for _ in range(times):
        limit.refused(who, minute)


def test_it_shuts_after_so_many_refusals_and_only_for_them() -> None:
    limit = RefusalLimit(per_minute=3)
    refused(limit, "bad", 2)
    assert not limit.is_reached("bad", MINUTE)
    assert limit.refused("bad", MINUTE), "this one reaches it"
    assert not limit.refused("bad", MINUTE)
    assert limit.is_reached("bad", MINUTE)
    assert not limit.is_reached("good", MINUTE)


def test_it_opens_with_the_next_minute_and_counts_anew() -> None:
    limit = RefusalLimit(per_minute=3)
    refused(limit, "bad", 30)
    assert not limit.is_reached("bad", MINUTE + 1)
    refused(limit, "bad", 2, MINUTE + 1)
    assert not limit.is_reached("bad", MINUTE + 1)
    refused(limit, "bad", 1, MINUTE + 1)
    assert limit.is_reached("bad", MINUTE + 1)


def test_what_was_none_is_taken_back() -> None:
    limit = RefusalLimit(per_minute=2)
    refused(limit, "one", 2)
    limit.forgiven("one", MINUTE)
    assert not limit.is_reached("one", MINUTE)
    for who, minute in (("one", MINUTE + 1), ("stranger", MINUTE)):
        limit.forgiven(who, minute)
        assert limit.count(who, minute) == 0


def test_zero_means_no_limit() -> None:
    limit = RefusalLimit(per_minute=0)
    refused(limit, "bad", 1000)
    assert not limit.is_reached("bad", MINUTE)


def test_it_remembers_a_bounded_number_and_forgets_the_least_recent() -> None:
    limit = RefusalLimit(per_minute=1)
    for n in range(2 * HELD):
        limit.refused(f"one-{n}", MINUTE)
        limit.refused("again and again", MINUTE)
    assert len(limit._counts) <= HELD
    assert limit.is_reached("again and again", MINUTE)
    assert limit.is_reached(f"one-{2 * HELD - 1}", MINUTE)
    assert not limit.is_reached("one-0", MINUTE)
