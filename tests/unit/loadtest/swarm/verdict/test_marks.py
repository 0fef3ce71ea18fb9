"""When a load test passes."""

from dataclasses import replace

import pytest

from loadtest.swarm.entries import BEHIND, VISIBLE
from loadtest.swarm.scenario.bounds import Bounds
from loadtest.swarm.verdict.figures import Figures, Moment
from loadtest.swarm.verdict.marks import judge, table

BOUNDS = Bounds(failures=0.001, ack_ms=100, read_ms=150, visible_ms=200, behind_ms=50, rate=45)
GOOD: dict[tuple[str, str], Figures] = {
    ("ocpp1.6", "StatusNotification"): Figures(300, 0, {5.0: 300}),
    ("ocpp2.1", "NotifyEvent"): Figures(200, 0, {6.0: 200}),
    ("ocpp2.1", "Heartbeat"): Figures(500, 0, {1.0: 500}),
    ("GET", "/v1/stations/{id}"): Figures(200, 0, {4.0: 200}),
    VISIBLE: Figures(500, 0, {20.0: 500}),
    BEHIND: Figures(500, 0, {1.0: 500}),
}


def failed(plateau: Moment, whole: Moment | None = None, seconds: float = 10.0, *, readers: bool = True) -> list[str]:
    marks = judge(plateau, seconds, plateau if whole is None else whole, BOUNDS, readers=readers)
    return [mark.name for mark in marks if not mark.passed]


def test_a_good_run_passes() -> None:
    assert failed(GOOD) == []


def test_statuses_of_all_dialects_count_and_heartbeats_do_not() -> None:
    assert failed(GOOD, seconds=12.0) == ["statuses acknowledged"]


def test_a_refused_status_is_not_acknowledged() -> None:
    refused = replace(GOOD["ocpp2.1", "NotifyEvent"], failures=200)
    assert "statuses acknowledged" in failed(GOOD | {("ocpp2.1", "NotifyEvent"): refused})


@pytest.mark.parametrize(
    ("key", "mark"),
    [
        (("ocpp1.6", "StatusNotification"), "acknowledgement p99"),
        (VISIBLE, "end to end p99"),
        (("GET", "/v1/stations/{id}"), "API reads p99"),
        (BEHIND, "generator's lag p99"),
    ],
)
def test_each_is_held_against_its_own_mark(key: tuple[str, str], mark: str) -> None:
    slow = Figures(GOOD[key].requests, 0, {900.0: GOOD[key].requests})
    assert failed(GOOD | {key: slow}) == [mark]


@pytest.mark.parametrize("key", [("GET", "/v1/stations/{id}"), VISIBLE, BEHIND])
def test_what_was_not_measured_has_not_passed(key: tuple[str, str]) -> None:
    assert failed({other: figures for other, figures in GOOD.items() if other != key})


def test_failures_count_whenever_they_were() -> None:
    at_the_end = GOOD | {("ocpp1.6", "handshake"): Figures(50, 2, {10_000.0: 50})}
    assert failed(GOOD, whole=at_the_end) == ["failed, of everything"]


def test_a_status_that_never_showed_fails_it_however_many_did() -> None:
    whole = GOOD | {VISIBLE: Figures(100_000, 1, {20.0: 100_000})}
    assert failed(GOOD, whole=whole) == ["statuses never visible"]


def test_without_readers_there_is_no_mark_for_reads() -> None:
    silent = {key: figures for key, figures in GOOD.items() if key[0] != "GET"}
    assert failed(silent, readers=False) == []


def test_nothing_at_all_passes_nothing() -> None:
    assert len(failed({}, seconds=0.0)) == 7


def test_the_table_says_mark_measured_and_verdict() -> None:
    lines = table(judge(GOOD, 12.0, GOOD, BOUNDS, readers=True)).splitlines()
    assert lines[0].split() == ["mark", "measured"]
    assert any(line.split()[-6:] == ["≥", "45", "/s", "41.67", "/s", "FAIL"] for line in lines)
    assert any(line.split()[-5:] == ["200", "ms", "20", "ms", "pass"] for line in lines)
