"""Documents in memory: shown while it is known that nothing newer is in Redis, and never one older than one shown."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from api.memory import SERVED_S, Kept, Memory, Reading
from shared.stores.hot import Hot

KEYS = ("a", "b", "c")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(clock: Clock) -> Memory:
    memory = Memory(clock)
    memory.confirm(clock.now, 3, b"first")
    return memory


def hot(revision: int, body: bytes = b"{}") -> Hot:
    return Hot(f'"1.{revision}"', body)


def read(memory: Memory, key: str, found: Hot) -> None:
    reading = memory.begin(key)
    memory.keep(key, reading, found)
    memory.end(key, reading)


def shown(memory: Memory, key: str) -> int | None:
    kept = memory.find(key)
    return None if kept is None or kept.document is None else kept.document.revision


def test_what_was_read_is_shown_until_it_is_overtaken(memory: Memory) -> None:
    read(memory, "a", hot(5))
    assert shown(memory, "a") == 5
    memory.overtake([("a", 5), ("b", 9)])
    assert shown(memory, "a") == 5
    memory.overtake([("a", 6)])
    assert shown(memory, "a") is None
    assert memory.begin("a").least == 6


def test_what_is_overtaken_while_it_is_read_is_not_kept(memory: Memory) -> None:
    reading = memory.begin("a")
    memory.overtake([("a", 6)])
    memory.keep("a", reading, hot(5))
    memory.end("a", reading)
    assert shown(memory, "a") is None
    read(memory, "a", hot(6))
    assert shown(memory, "a") == 6


def test_two_who_read_the_same_hear_of_it_each(memory: Memory) -> None:
    first, second = memory.begin("a"), memory.begin("a")
    memory.end("a", second)
    memory.overtake([("a", 6)])
    memory.keep("a", first, hot(5))
    memory.end("a", first)
    assert shown(memory, "a") is None


def test_what_this_process_wrote_is_the_least_that_is_shown(memory: Memory) -> None:
    reading = memory.begin("a")
    memory.saw("a", 7)
    memory.keep("a", reading, hot(6))
    assert shown(memory, "a") is None
    assert memory.begin("a").least == 7


def test_nothing_is_shown_longer_than_the_copy_counts(memory: Memory, clock: Clock) -> None:
    read(memory, "a", hot(5))
    clock.now += SERVED_S - 0.01
    assert shown(memory, "a") == 5
    clock.now += 0.02
    assert shown(memory, "a") is None
    memory.confirm(clock.now - 0.5, 0.6, b"first")
    assert shown(memory, "a") == 5
    clock.now += 0.2
    assert shown(memory, "a") is None
    memory.confirm(clock.now, 0, b"first")
    assert shown(memory, "a") is None


def test_a_redis_that_was_filled_anew_makes_all_be_read_anew(memory: Memory, clock: Clock) -> None:
    read(memory, "a", hot(5))
    reading = memory.begin("b")
    memory.confirm(clock.now, 3, b"second")
    memory.keep("b", reading, hot(5))
    assert (shown(memory, "a"), shown(memory, "b")) == (None, None)
    assert memory.begin("a").least == 5, "what was shown is remembered"


def test_a_redis_that_was_never_filled_is_not_believed(clock: Clock) -> None:
    memory = Memory(clock)
    memory.confirm(clock.now, 3, b"")
    read(memory, "a", hot(5))
    assert shown(memory, "a") is None


def test_a_postgres_that_went_back_is_right(memory: Memory) -> None:
    read(memory, "a", hot(50))
    memory.overtake([("a", 51)])
    memory.saw("a", 7, memory.begin("a"))
    assert memory.begin("a").least == 7
    before = memory.begin("a")
    memory.saw("a", 9)
    memory.saw("a", 8, before)  # read while 9 was written
    assert memory.begin("a").least == 9


def test_it_is_bounded_in_bytes(clock: Clock) -> None:
    memory = Memory(clock, 100_000)
    memory.confirm(clock.now, 3, b"first")
    for n in range(1000):
        read(memory, str(n), hot(n, b"x" * 5000))
        kept = memory.find(str(n))
        assert kept is not None
        assert kept.document is not None
        memory.pack(kept, kept.document, b"y" * 700)
        assert memory.size <= 100_000
    assert shown(memory, "999") == 999
    assert shown(memory, "0") is None
    for n in range(1000):
        memory.saw(str(n), 2000)
    assert memory.size <= 100_000
    assert memory.size == sum(kept.size for kept in memory._kept.values())


class Beside(RuleBasedStateMachine):
    """A Redis that changes, is read late, told of late, flushed and filled anew: what memory shows beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.memory = Memory(self.clock, 3 * 600)
        self.revision = 0
        self.redis: dict[str, int] = {}
        self.untold: list[tuple[str, int]] = []
        self.filling = 1
        self.last_told = self.clock.now
        self.reads: list[tuple[str, Reading, Hot | None]] = []
        self.shown: dict[str, int] = {}

    @rule(key=st.sampled_from(KEYS))
    def change(self, key: str) -> None:
        self.revision += 1
        self.redis[key] = self.revision
        self.untold.append((key, self.revision))

    @rule(key=st.sampled_from(KEYS))
    def begin(self, key: str) -> None:
        self.reads.append((key, self.memory.begin(key), None))

    @rule(at=st.integers(0, 9))
    def redis_answers(self, at: int) -> None:
        if self.reads:
            key, reading, found = self.reads[at % len(self.reads)]
            if found is None and key in self.redis:
                self.reads[at % len(self.reads)] = key, reading, hot(self.redis[key])

    @rule(at=st.integers(0, 9))
    def end(self, at: int) -> None:
        if self.reads:
            key, reading, found = self.reads.pop(at % len(self.reads))
            if found is not None and found.revision >= reading.least:
                self.memory.keep(key, reading, found)
                self.shown[key] = max(self.shown.get(key, 0), found.revision)
            self.memory.end(key, reading)

    @rule(n=st.integers(1, 3))
    def told(self, n: int) -> None:
        told, self.untold = self.untold[:n], self.untold[n:]
        self.memory.overtake(told)
        if not self.untold:
            self.memory.confirm(self.clock.now, 3, b"%d" % self.filling)

    @rule()
    def flushed_and_filled(self) -> None:
        self.revision += 1
        self.redis = dict.fromkeys(KEYS, self.revision)
        self.untold.clear()
        self.filling += 1
        self.memory.confirm(self.clock.now, 3, b"%d" % self.filling)

    @rule(s=st.floats(0, 3))
    def time_passes(self, s: float) -> None:
        self.clock.now += s

    @invariant()
    def nothing_is_shown_that_is_not_known_to_be_current(self) -> None:
        told = dict(self.untold)
        for key in KEYS:
            kept: Kept | None = self.memory.find(key)
            if kept is not None and kept.document is not None:
                revision = kept.document.revision
                assert revision == self.redis[key] or key in told
                assert revision >= self.shown.get(key, 0)

    def teardown(self) -> None:
        assert self.memory.size == sum(kept.size for kept in self.memory._kept.values())


Beside.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestBeside = Beside.TestCase
