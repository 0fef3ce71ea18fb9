"""Since when a station has its status, told by the turns of its charge points."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from shared.words import turns
from shared.words.documents import Contribution, roll_up
from shared.words.status import STATUSES, Status
from shared.words.turns import Standing, Turn

Added = Status | None
ADDED: list[Added] = [*STATUSES, None]


class Station:
    """Charge points that have added nothing yet; what it comes to is kept as Postgres keeps it."""

    def __init__(self, *charge_points: int) -> None:
        self.members: dict[int, Standing] = dict.fromkeys(charge_points, Standing(None, None))
        self.status: Status = "UNKNOWN"
        self.since = 0

    def take(self, told: Sequence[Turn]) -> None:
        """One batch."""
        for turn in told:
            self.members[turn.charge_point_key] = Standing(turn.after, turn.at)
        shall = roll_up(Contribution(one.status, {one.status: 1}) for one in self.members.values() if one.status).status
        since = turns.since(told, self.members, self.status, self.since, shall)
        assert since is not None
        self.status, self.since = shall, since


def told(*said: tuple[int, int, Added]) -> list[Turn]:
    """(charge point, at, what it adds from then on), in the order in which they are read."""
    before: dict[int, Added] = {}
    made = []
    for key, at, after in said:
        made.append(Turn(key, at, before.get(key), after))
        before[key] = after
    return made


@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from(ADDED)), max_size=12),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_what_is_read_at_once_makes_no_difference(said: list[tuple[int, Added]], ends: list[bool]) -> None:
    every = told(*((key, 10 * number, after) for number, (key, after) in enumerate(said, start=1)))
    alone, together = Station(1, 2, 3), Station(1, 2, 3)
    batch: list[Turn] = []
    for turn, ends_here in zip(every, ends, strict=False):
        alone.take([turn])
        batch.append(turn)
        if ends_here:
            together.take(sorted(batch, key=lambda one: one.charge_point_key))  # a charge point after the other
            batch = []
    together.take(batch)
    assert (together.status, together.since) == (alone.status, alone.since)


@given(st.lists(st.tuples(st.integers(0, 99), st.sampled_from(ADDED)), min_size=1, max_size=8))
def test_a_station_of_one_charge_point_is_what_that_is_whatever_its_clock_says(said: list[tuple[int, Added]]) -> None:
    every = [turn for turn in told(*((1, at, after) for at, after in said)) if turn.before != turn.after]
    if every and every[-1].after is not None and every[-1].after != (every[-1].before or "UNKNOWN"):
        station = Station(1)
        station.take(every)
        assert (station.status, station.since) == (every[-1].after, every[-1].at)


def test_a_free_plug_that_was_taken_for_a_moment_is_free_since_then() -> None:
    station = Station(1, 2)
    station.take(told((1, 10, "AVAILABLE"), (2, 11, "FAULTED")))
    station.take([Turn(1, 20, "AVAILABLE", "OCCUPIED"), Turn(1, 30, "OCCUPIED", "AVAILABLE")])
    assert (station.status, station.since) == ("AVAILABLE", 30)
    station.take([Turn(2, 40, "FAULTED", "AVAILABLE"), Turn(1, 50, "AVAILABLE", "OCCUPIED")])
    assert (station.status, station.since) == ("AVAILABLE", 30), "there was a free one all the time"


def test_it_is_worse_since_the_last_one_left_whoever_is_read_last() -> None:
    first, last = Turn(1, 100, "AVAILABLE", "OCCUPIED"), Turn(2, 200, "AVAILABLE", "OCCUPIED")
    for order in ([first, last], [last, first]):
        station = Station(1, 2)
        station.take(told((1, 10, "AVAILABLE"), (2, 10, "AVAILABLE")))
        for turn in order:
            station.take([turn])
        assert (station.status, station.since) == ("OCCUPIED", 200)


def test_turns_of_who_left_the_station_tell_nothing() -> None:
    assert turns.since([Turn(9, 50, "AVAILABLE", "FAULTED")], {}, "AVAILABLE", 10, "UNKNOWN") is None
