"""GET /v1/stats/series: the network over time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.history import answers
from shared.words import instant
from tests.integration.api.recorded import Recorded, minute
from tests.integration.api.served import Api

NOW = minute(1000)


@pytest.fixture
def at_noon(build: Callable[..., Api]) -> Api:
    """An API for which it is ``NOW``."""
    return build(now=lambda: instant.from_datetime(NOW))


@pytest.fixture
async def recorded(at_noon: Api) -> Recorded:
    await at_noon.pool.execute("TRUNCATE history")
    return Recorded(at_noon.pool)


def text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


async def series(api: Api, start: float, end: float, more: str = "step=1m") -> list[dict[str, Any]]:
    url = f"/v1/stats/series?from={text(minute(start))}&to={text(minute(end))}&{more}"
    answer = await api.client.get(url)
    assert answer.status_code == 200, answer.text
    msgspec.json.decode(answer.content, type=answers.SeriesDocument)
    points: list[dict[str, Any]] = answer.json()["points"]
    return points


def without_zeros(points: list[dict[str, Any]], what: str) -> list[dict[str, int]]:
    return [{value: n for value, n in point[what].items() if n} for point in points]


async def test_each_point_is_what_was_known_at_the_end_of_its_step(at_noon: Api, recorded: Recorded) -> None:
    await at_noon.station("S1", "CP1")
    await recorded.created("CP1", -100)
    await recorded.connectivity("CP1", -50, "ONLINE")
    await recorded.status("CP1", -50, "Available")
    await recorded.status("CP1", 1, "Charging")  # at the very end of the first step: known in the second
    await recorded.status("CP1", 1.5, "Faulted", 2)
    await recorded.status("CP1", 2.1, "Available")
    await recorded.status("CP1", 2.2, "Reserved")
    await recorded.status("CP1", 2.3, "NeverHeardOf", 2)
    points = await series(at_noon, 0, 4)
    assert [point["at"] for point in points] == [f"2026-03-01T08:0{n}:00.000Z" for n in (1, 2, 3, 4)]
    assert without_zeros(points, "connectors") == [
        {"AVAILABLE": 1},
        {"OCCUPIED": 1, "FAULTED": 1},
        {"RESERVED": 1, "UNKNOWN": 1},
        {"RESERVED": 1, "UNKNOWN": 1},
    ]
    assert without_zeros(points, "charge_points") == [{"ONLINE": 1}] * 4


async def test_charge_points_come_go_and_are_deleted(at_noon: Api, recorded: Recorded) -> None:
    await at_noon.station("S1", "CP1", "CP2", "CP3")
    await recorded.created("CP1", -100)
    await recorded.created("CP2", 1.01)
    await recorded.created("CP3", 3.5)
    await recorded.connectivity("CP2", 0.99, "ONLINE")  # by a clock that is behind that of Postgres
    await recorded.status("CP2", 1.2, "Available")
    await recorded.connectivity("CP1", 1.5, "ONLINE")
    await recorded.connectivity("CP1", 2.5, "OFFLINE")
    await recorded.deleted("CP2", 3.2)
    points = await series(at_noon, 0, 5)
    assert without_zeros(points, "charge_points") == [
        {"NEVER": 1},
        {"ONLINE": 2},
        {"ONLINE": 1, "OFFLINE": 1},
        {"OFFLINE": 1, "NEVER": 1},
        {"OFFLINE": 1, "NEVER": 1},
    ]
    assert without_zeros(points, "connectors") == [{}] + [{"AVAILABLE": 1}] * 2 + [{}] * 2


async def test_late_lines_and_lines_of_other_kinds_count_nothing(at_noon: Api, recorded: Recorded) -> None:
    await at_noon.station("S1", "CP1")
    await recorded.created("CP1", -100)
    await recorded.status("CP1", -5, "Available")
    await recorded.status("CP1", -4, "Faulted", 1, 1, "late")
    await recorded.status("CP1", 0.1, "Faulted", 1, 1, "late")
    await recorded.status("CP1", 0.2, "Faulted", 0, 0)
    await recorded.status("CP1", 0.3, "Faulted", 1, 0)
    assert without_zeros(await series(at_noon, 0, 1), "connectors") == [{"AVAILABLE": 1}]


async def test_what_retention_dropped_still_counts_if_it_still_stands(at_noon: Api, recorded: Recorded) -> None:
    await at_noon.station("S1", "CP1")
    await recorded.created("CP1", -100)
    await recorded.connectivity("CP1", -50, "ONLINE")
    await recorded.status("CP1", -50, "Charging")
    await recorded.pool.execute("TRUNCATE history")
    points = await series(at_noon, 0, 1)
    assert without_zeros(points, "connectors") == [{"OCCUPIED": 1}]
    assert without_zeros(points, "charge_points") == [{"ONLINE": 1}]


async def test_only_a_station_or_a_charge_point(at_noon: Api, recorded: Recorded) -> None:
    await at_noon.station("S1", "CP1", "CP2")
    await at_noon.station("S2", "CP3")
    for number, word in ((1, "Available"), (2, "Charging"), (3, "Faulted")):
        await recorded.created(f"CP{number}", -9)
        await recorded.status(f"CP{number}", -5, word)
    assert without_zeros(await series(at_noon, 0, 1, "step=1m&station_id=S1"), "connectors") == [
        {"AVAILABLE": 1, "OCCUPIED": 1}
    ]
    assert without_zeros(await series(at_noon, 0, 1, "step=1m&charge_point_id=cp3"), "connectors") == [{"FAULTED": 1}]


async def test_the_last_point_is_at_to_and_never_after_now(at_noon: Api) -> None:
    points = await series(at_noon, 0, 10, "step=4m")
    assert [point["at"][11:16] for point in points] == ["08:04", "08:08", "08:10"]
    answer = (await at_noon.client.get("/v1/stats/series?to=2030-01-01T00:00:00Z")).json()
    assert answer["to"] == answer["points"][-1]["at"] == instant.to_text(instant.from_datetime(NOW))
    assert (answer["step_s"], len(answer["points"])) == (900, 96)


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("step=30s", 422, "step"),
        ("step=0m", 422, "step"),
        ("step=2d", 422, "step"),
        ("step=1441m", 422, "step"),
        ("step=1", 422, "step"),
        ("step=1m", 422, "step"),  # a day of minutes
        ("from=2026-03-01T08:00:00Z&to=2026-03-01T08:00:00Z", 422, "to"),
        ("from=2027-03-01T08:00:00Z", 422, "from"),
        ("to=0001-01-01T00:00:00Z", 422, "to"),
        ("from=0001-01-01T00:00:00Z&step=1d", 422, "step"),
        ("from=now", 422, "from"),
        ("station_id=a%20b", 422, "station_id"),
        ("station_id=S1&charge_point_id=CP1", 422, "charge_point_id"),
        ("colour=red", 422, "colour"),
        ("station_id=nope", 404, None),
        ("charge_point_id=nope", 404, None),
    ],
)
async def test_what_cannot_be_asked_is_named(at_noon: Api, query: str, status: int, field: str | None) -> None:
    answer = await at_noon.client.get(f"/v1/stats/series?{query}")
    assert answer.status_code == status, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == ([] if field is None else [field])


@given(
    lines=st.lists(
        st.tuples(
            st.integers(-5, 11),
            st.integers(1, 2),
            st.integers(1, 2),
            st.sampled_from(["Available", "Charging", "Faulted", "Odd"]),
        ),
        max_size=20,
    )
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_points_are_what_a_replay_of_the_lines_gives(
    at_noon: Api, recorded: Recorded, lines: list[tuple[int, int, int, str]]
) -> None:
    await at_noon.pool.execute(
        "TRUNCATE stations, charge_points, reports, unpublished, intents, audit, history CASCADE"
    )
    await at_noon.station("S1", "CP1", "CP2")
    for number in (1, 2):
        await recorded.created(f"CP{number}", -100)
    ordered = sorted(lines, key=lambda line: line[0])
    for at, charge_point, evse, word in ordered:
        await recorded.status(f"CP{charge_point}", at, word, evse)
    points = without_zeros(await series(at_noon, 0, 10, "step=3m"), "connectors")
    ours = {"Available": "AVAILABLE", "Charging": "OCCUPIED", "Faulted": "FAULTED", "Odd": "UNKNOWN"}
    for point, end in zip(points, (3, 6, 9, 10), strict=True):
        known = {(charge_point, evse): ours[word] for at, charge_point, evse, word in ordered if at < end}
        assert point == {status: list(known.values()).count(status) for status in known.values()}
