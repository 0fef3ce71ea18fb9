"""The arithmetic of status by tables."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.words.status import (
    NORMALIZED,
    STATUSES,
    Counts,
    Health,
    Status,
    count,
    evse_status,
    health_of,
    partially_available,
    rolled_up,
    summed,
)

statuses = st.lists(st.sampled_from(STATUSES))


def test_every_word_of_16_and_2x_has_its_status() -> None:
    in_use = ("Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Occupied")
    others = {"Available", "Reserved", "Unavailable", "Faulted"}
    assert dict(NORMALIZED) == dict.fromkeys(in_use, "OCCUPIED") | {word: word.upper() for word in others}


def test_in_an_evse_a_car_comes_before_a_free_plug() -> None:
    order: list[Status] = ["OCCUPIED", "RESERVED", "AVAILABLE", "UNKNOWN", "FAULTED", "UNAVAILABLE"]
    for one, other in product(order, order):
        assert evse_status([one, other]) == min(one, other, key=order.index)
    assert evse_status([]) == "UNKNOWN"


def test_at_a_station_a_free_plug_comes_first() -> None:
    order: list[Status] = ["AVAILABLE", "OCCUPIED", "RESERVED", "UNKNOWN", "FAULTED", "UNAVAILABLE"]
    for one, other in product(order, order):
        assert rolled_up(count([one, other])) == min(one, other, key=order.index)
    assert rolled_up({}) == "UNKNOWN"


HEALTH: list[tuple[Counts, Health]] = [
    ({}, "UNKNOWN"),
    ({"UNKNOWN": 2}, "UNKNOWN"),
    ({"AVAILABLE": 1}, "OK"),
    ({"OCCUPIED": 1, "RESERVED": 1}, "OK"),
    ({"AVAILABLE": 1, "UNKNOWN": 1}, "DEGRADED"),
    ({"OCCUPIED": 1, "FAULTED": 1}, "DEGRADED"),
    ({"RESERVED": 1, "UNAVAILABLE": 1}, "DEGRADED"),
    ({"FAULTED": 1}, "DOWN"),
    ({"UNAVAILABLE": 1}, "DOWN"),
    ({"UNKNOWN": 1, "FAULTED": 1}, "DOWN"),
    ({"AVAILABLE": 0, "FAULTED": 0}, "UNKNOWN"),
]


@pytest.mark.parametrize(("counts", "health"), HEALTH)
def test_health_is_what_an_operator_must_know(counts: Counts, health: Health) -> None:
    assert health_of(counts) == health


@pytest.mark.parametrize(
    ("counts", "partially"),
    [
        ({"AVAILABLE": 1, "OCCUPIED": 1}, True),
        ({"AVAILABLE": 2}, False),
        ({"OCCUPIED": 1}, False),
        ({"AVAILABLE": 1, "FAULTED": 0}, False),
    ],
)
def test_partially_available_is_some_but_not_all(counts: Counts, partially: bool) -> None:
    assert partially_available(counts) is partially


@given(statuses, statuses)
def test_counts_add_up_without_zeros_in_one_order(some: list[Status], others: list[Status]) -> None:
    together = summed([count(some), count(others)])
    assert together == count(some + others)
    assert list(together) == [status for status in STATUSES if status in together]
    assert all(together.values())
