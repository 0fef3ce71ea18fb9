"""How many users there are when."""

import pytest

from loadtest.swarm.scenario.ramp import Ramp, Stage

RAMP = Ramp(users=220, warm_up_s=5, ramp_s=10, plateau_s=60)


@pytest.mark.parametrize(
    ("passed_s", "stage"),
    [
        (0, Stage("warm-up", 22, 22)),
        (4.9, Stage("warm-up", 22, 22)),
        (5, Stage("ramp", 220, 22)),
        (14.9, Stage("ramp", 220, 22)),
        (15, Stage("plateau", 220, 22)),
        (74.9, Stage("plateau", 220, 22)),
        (75, Stage("cool-down", 0, 100)),
        (9999, Stage("cool-down", 0, 100)),
    ],
)
def test_stages_follow_each_other(passed_s: float, stage: Stage) -> None:
    assert RAMP.stage(passed_s) == stage


def test_the_storm_is_in_the_middle_of_the_plateau() -> None:
    assert RAMP.storm_at_s == 45


def test_a_single_user_without_a_ramp_is_no_special_case() -> None:
    ramp = Ramp(users=1, warm_up_s=0, ramp_s=0, plateau_s=1)
    assert ramp.stage(0) == Stage("plateau", 1, 1)
    assert ramp.stage(1) == Stage("cool-down", 0, 1)
