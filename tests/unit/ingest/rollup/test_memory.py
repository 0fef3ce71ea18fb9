"""What is remembered: as much as there is room for, nothing that is doubted, and nothing twice."""

import itertools
from collections.abc import Sequence

import pytest

from ingest.rollup.fold.state import ChargePoint, Expired
from ingest.rollup.state.known import Known, Row
from ingest.rollup.state.memory import DOUBTED, DOUBTED_S, Memory
from ingest.rollup.state.written import Written
from shared.stores.hot import Change

EXPIRED = Expired(at=0, renewed_at=0, ago=0)
MB = 1_000_000


def keep(memory: Memory, *charge_points: ChargePoint, size: int = 100) -> Known:
    """Has it remember them as they were committed, each with a document of so many bytes."""
    stations = {one.station_key: {"key": one.station_key} for one in charge_points if one.station_key is not None}
    members = {
        one.key: {"station_key": one.station_key, "document": "x" * size}
        for one in charge_points
        if one.station_key is not None
    }
    rows = {one.key: Row(version=1, revision=1, xmin=1) for one in charge_points}
    known = Known({one.key: one for one in charge_points}, rows, stations, members)
    changes = [Change("charge_point", None, one.id, 2, '"1.2"', b"x" * size) for one in charge_points]
    memory.keep(known, charge_points, Written([], [], [], changes, list(stations.values())), xmin=7)
    return known


def of(keys: Sequence[int]) -> list[ChargePoint]:
    return [ChargePoint(key, f"CP{key}") for key in keys]


def remembered(memory: Memory, keys: Sequence[int]) -> list[int]:
    """Which of them it has; it has none of them any more."""
    return [key for key in keys if memory.take([key]) is not None]


def test_what_is_taken_is_out_of_it() -> None:
    memory = Memory()
    keep(memory, ChargePoint(1, "CP1", station_key=9))
    known = memory.take([1])
    assert known is not None
    assert (known.rows[1], known.stations[9]["xmin"], list(known.members)) == (Row(1, 2, 7), 7, [1])
    assert memory.take([1]) is None


def test_one_that_is_lacking_leaves_the_others_where_they_are() -> None:
    memory = Memory()
    keep(memory, *of(range(3)))
    assert memory.take([0, 1, 5]) is None
    assert remembered(memory, range(3)) == [0, 1, 2]


def test_what_was_written_longest_ago_is_forgotten_first() -> None:
    memory = Memory(most=1_000)
    keep(memory, *of(range(10)))
    keep(memory, *of([0]))
    keep(memory, *of([10, 11]))
    assert remembered(memory, range(12)) == [0, *range(3, 12)]


def test_room_is_given_back() -> None:
    memory = Memory(most=1_000)
    for _ in range(20):
        keep(memory, *of(range(5)))
        keep(memory, *of([5]), size=500)
        assert memory.take([5]) is not None
    assert remembered(memory, range(5)) == list(range(5))


def test_a_station_takes_the_room_of_all_its_documents() -> None:
    memory = Memory(most=1_000)
    for station in range(6):
        keep(memory, *(ChargePoint(10 * station + n, "CP", station_key=station) for n in range(2)), size=125)
    assert remembered(memory, [10 * station for station in range(6)]) == [20, 30, 40, 50]


def test_there_is_room_for_30_mb_of_documents() -> None:
    memory = Memory()
    for one in of(range(31)):
        keep(memory, one, size=MB)
    assert remembered(memory, range(31)) == list(range(1, 31))


@pytest.mark.parametrize("changed", [{"mended": ["reports"]}, {"expired": EXPIRED}], ids=str)
def test_what_is_not_as_it_was_read_is_read_again(changed: dict[str, object]) -> None:
    memory = Memory()
    keep(memory, ChargePoint(1, "CP1"))
    keep(memory, ChargePoint(1, "CP1", **changed))  # type: ignore[arg-type]
    assert memory.take([1]) is None


@pytest.mark.parametrize("home", [9, None])
def test_one_that_its_station_is_remembered_without_is_read(home: int | None) -> None:
    memory = Memory()
    one = ChargePoint(1, "CP1", station_key=9)
    keep(memory, one, ChargePoint(2, "CP2", station_key=9))
    one.station_key = home
    keep(memory, ChargePoint(2, "CP2", station_key=9))
    assert (memory.take([1]) is None) == (home == 9)
    assert memory.take([2]) is not None


class Doubts:
    """A station that another rollup writes, too."""

    def __init__(self) -> None:
        self.now = 0.0
        self.memory = Memory(clock=lambda: self.now)
        self.known = keep(self.memory, ChargePoint(1, "CP1", station_key=9))

    def is_remembered(self) -> bool:
        keep(self.memory, ChargePoint(1, "CP1", station_key=9))
        return self.memory.take([1]) is not None


def test_a_station_that_was_wrong_twice_in_a_row_is_read_for_a_minute() -> None:
    one = Doubts()
    one.memory.doubt(one.known)
    assert one.is_remembered()
    one.memory.doubt(one.known)
    one.now = DOUBTED_S - 1
    assert not one.is_remembered()
    one.now = DOUBTED_S
    assert one.is_remembered()


def test_a_station_that_was_right_in_between_is_not_doubted() -> None:
    one = Doubts()
    for _ in range(3):
        one.memory.doubt(one.known)
        one.memory.trust(one.known)
    assert one.is_remembered()


def test_stations_are_doubted_in_a_bounded_number() -> None:
    one = Doubts()
    one.memory.doubt(one.known)
    for station in itertools.islice(itertools.count(100), DOUBTED):
        one.memory.doubt(Known({}, {}, {station: {}}, {}))
    one.memory.doubt(one.known)
    assert one.is_remembered(), "what was doubted longest ago is forgotten"
