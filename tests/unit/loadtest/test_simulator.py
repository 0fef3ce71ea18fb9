"""What the simulator refuses, and how it paces itself."""

from random import Random

import pytest

from loadtest.charger import FIRST_BACKOFF_S, LONGEST_BACKOFF_S, backoff_s
from loadtest.simulator import arguments, is_local, make_fleet, pace_for
from loadtest.tally import Tally


@pytest.mark.parametrize(
    "url", ["ws://127.0.0.1:9000/ocpp", "ws://localhost/ocpp", "ws://[::1]:9000/ocpp", "ws://127.0.0.2/"]
)
def test_this_machine_is_local(url: str) -> None:
    assert is_local(url)


@pytest.mark.parametrize(
    "url",
    ["ws://10.0.0.1/ocpp", "ws://127.0.0.1.example.org/", "ws://localhost.example.org/", "ws://user@example.org/"],
)
def test_another_machine_is_refused_unless_it_is_allowed(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--url", url])
    assert "--allow-remote" in capsys.readouterr().err
    assert arguments(["--url", url, "--allow-remote"]).url == url


def test_backoff_doubles_up_to_a_cap_and_is_jittered() -> None:
    rng = Random(1)
    waits = [backoff_s(attempt, rng) for attempt in range(100)]
    assert all(wait <= min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2**n) for n, wait in enumerate(waits))
    assert all(wait >= min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2**n) / 2 for n, wait in enumerate(waits))
    assert len(set(waits[20:])) > 1


def test_the_same_seed_makes_the_same_fleet() -> None:
    def fleet(seed: int) -> list[list[tuple[str, str]]]:
        given = arguments(["--chargers", "12", "--seed", str(seed)])
        return [[(c.key, c.status) for c in charger.connectors] for charger in make_fleet(given, Tally())]

    assert fleet(1) == fleet(1)
    assert fleet(1) != fleet(2)


def test_dialects_are_taken_in_turn() -> None:
    given = arguments(["--chargers", "3", "--dialects", "ocpp2.1,ocpp1.6"])
    assert [charger.subprotocol for charger in make_fleet(given, Tally())] == ["ocpp2.1", "ocpp1.6", "ocpp2.1"]


def test_no_rate_is_no_pace() -> None:
    given = arguments(["--chargers", "3"])
    assert pace_for(0, make_fleet(given, Tally())) == 0
    assert pace_for(5, []) == 0
