"""What the simulator refuses, and how it paces itself."""

import pytest

from loadtest.simulator.__main__ import arguments, make_fleet, pace_for
from loadtest.simulator.tally import Tally


def test_another_machine_is_refused_unless_it_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    url = "ws://10.0.0.1/ocpp"
    with pytest.raises(SystemExit):
        arguments(["--url", url])
    assert "--allow-remote" in capsys.readouterr().err
    assert arguments(["--url", url, "--allow-remote"]).url == url


def test_the_same_seed_makes_the_same_fleet() -> None:
    def fleet(seed: int) -> list[list[tuple[str, str]]]:
        given = arguments(["--chargers", "12", "--seed", str(seed)])
        return [[(c.key, c.status) for c in charger.station.connectors] for charger in make_fleet(given, Tally())]

    assert fleet(1) == fleet(1)
    assert fleet(1) != fleet(2)


def test_dialects_are_taken_in_turn() -> None:
    given = arguments(["--chargers", "3", "--dialects", "ocpp2.1,ocpp1.6"])
    assert [charger.station.dialect for charger in make_fleet(given, Tally())] == ["ocpp2.1", "ocpp1.6", "ocpp2.1"]


def test_no_rate_is_no_pace() -> None:
    given = arguments(["--chargers", "3"])
    assert pace_for(0, make_fleet(given, Tally())) == 0
    assert pace_for(5, []) == 0
