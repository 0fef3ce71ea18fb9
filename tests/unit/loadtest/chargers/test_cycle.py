"""Stories of connectors: allowed, believable, and the same for the same seed."""

from itertools import pairwise
from random import Random

import pytest

from loadtest.chargers.cycle import CYCLE_2X, CYCLE_16, Cycle, Story, mean_stay_s

#: OCPP 1.6 §4.9, the statuses that may follow
ALLOWED_16 = {
    "Available": {"Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Reserved", "Unavailable", "Faulted"},
    "Preparing": {"Available", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Faulted"},
    "Charging": {"Available", "SuspendedEV", "SuspendedEVSE", "Finishing", "Unavailable", "Faulted"},
    "SuspendedEV": {"Available", "Charging", "SuspendedEVSE", "Finishing", "Unavailable", "Faulted"},
    "SuspendedEVSE": {"Available", "Charging", "SuspendedEV", "Finishing", "Unavailable", "Faulted"},
    "Finishing": {"Available", "Preparing", "Unavailable", "Faulted"},
    "Reserved": {"Available", "Preparing", "Unavailable", "Faulted"},
    "Unavailable": {"Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Faulted"},
    "Faulted": {"Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Reserved"},
}


def told(cycle: Cycle, seed: int, chapters: int = 2_000) -> list[str]:
    story = Story(cycle, Random(seed))
    statuses = [story.status]
    for _ in range(chapters):
        story.step()
        statuses.append(story.status)
    return statuses


def test_every_transition_of_16_is_one_the_specification_allows() -> None:
    for before, after in pairwise(told(CYCLE_16, seed=1)):
        assert after in ALLOWED_16[before]


@pytest.mark.parametrize("cycle", [CYCLE_16, CYCLE_2X])
def test_every_status_is_reached(cycle: Cycle) -> None:
    assert set(told(cycle, seed=1)) == set(cycle)


def test_the_same_seed_tells_the_same_story() -> None:
    assert told(CYCLE_16, seed=7) == told(CYCLE_16, seed=7)
    assert told(CYCLE_16, seed=7) != told(CYCLE_16, seed=8)


def test_a_fault_has_an_error_code_and_heals() -> None:
    story = Story(CYCLE_2X, Random(1))
    while story.status != "Faulted":
        story.step()
    assert story.fault.error_code != "NoError"
    story.step()
    assert story.status == "Available"


def test_the_mean_stay_is_between_the_shortest_and_the_longest() -> None:
    assert 30 < mean_stay_s(CYCLE_16) < 1800
