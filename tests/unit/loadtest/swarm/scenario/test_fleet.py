"""Names and inventory of a load test."""

import csv
import io

import pytest

from loadtest.swarm.scenario.fleet import A_STATION, PREFIX, ROWS_AT_ONCE, WATCHED_AT_MOST, Fleet


def test_the_inventory_has_every_charge_point_once_at_its_station() -> None:
    fleet = Fleet(ROWS_AT_ONCE + 3)
    parts = list(fleet.inventory())
    rows = [row for part in parts for row in csv.DictReader(io.StringIO(part))]
    assert len(parts) == 2
    assert [row["charge_point_id"] for row in rows] == [fleet.charge_point(n) for n in range(fleet.size)]
    assert [row["station_id"] for row in rows] == [fleet.station(n) for n in range(fleet.size)]
    assert {row["station_id"] for row in rows} == set(fleet.stations)
    assert len(fleet.stations) == -(-fleet.size // A_STATION)


def test_all_its_names_begin_with_the_prefix_by_which_they_are_removed() -> None:
    fleet = Fleet(5)
    assert all(name.startswith(PREFIX) for name in (*fleet.stations, fleet.charge_point(4)))
    assert (fleet.stations, fleet.charge_point(4)) == (["LOAD-S0001", "LOAD-S0002"], "LOAD-00005")


@pytest.mark.parametrize("size", [1, WATCHED_AT_MOST, WATCHED_AT_MOST + 1, 5_000])
def test_a_bounded_sample_is_watched_and_the_same_one_everywhere(size: int) -> None:
    watched = Fleet(size).watched
    assert len(watched) == len(set(watched)) == min(size, WATCHED_AT_MOST)
    assert watched == Fleet(size).watched


def test_the_sample_has_its_share_of_every_dialect() -> None:
    fleet = Fleet(300)  # every third would be of one dialect
    numbers = [int(name.removeprefix(PREFIX)) - 1 for name in fleet.watched]
    assert all(20 < sum(number % 3 == dialect for number in numbers) < 50 for dialect in range(3))
