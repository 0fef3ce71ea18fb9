"""The grid of the board's map: which cells a box touches, and what is told of them."""

import json
from typing import Any

import pytest

from api.board.clusters import APART, MOST, Part, encoded, part
from shared.words.places import Box


def row(x: int, y: int, id_: str, n: int = 1, health: str = "OK", status: str = "AVAILABLE") -> dict[str, Any]:
    told = {"x": float(x), "y": float(y), "status": status, "health": health, "n": n, "id": id_, "name": id_}
    return told | {"latitude": 50.0 * n, "longitude": 10.0 * n}


@pytest.mark.parametrize(
    ("box", "zoom", "cells"),
    [
        (Box(-180, -90, 180, 90), 0, Part(0, 0, 3, 0, 3)),
        (Box(-180, -90, 180, 90), 20, Part(3, 0, 31, 0, 31)),
        (Box(170, -10, -170, 10), 1, Part(1, 7, 0, 3, 4)),
        (Box(10, -10, 9, 10), 0, Part(0, 0, 3, 1, 2)),
        (Box(13.3, 52.4, 13.5, 52.6), 6, Part(6, 137, 137, 83, 84)),
    ],
)
def test_the_cells_that_a_box_touches(box: Box, zoom: int, cells: Part) -> None:
    found = part(box, zoom)
    assert found == cells
    assert found.cells <= MOST


def test_a_cell_of_one_is_the_station_and_others_are_clusters() -> None:
    rows = [row(3, 3, "D", 4), row(0, 3, "A", health="DOWN", status="FAULTED"), row(1, 0, "B", 3)]
    rows += [row(1, 0, "C", 2, "DOWN", "FAULTED"), row(9, 3, "east of it"), row(1, 9, "south of it")]
    found = json.loads(encoded(Part(2, 0, 3, 0, 3), rows))
    faulted = found["legend"]["status"].index("FAULTED")
    assert found["zoom"] == 2
    assert found["stations"]["id"] == ["A"]
    assert found["stations"]["health"] == [found["legend"]["health"].index("DOWN")]
    assert found["stations"]["status"] == [faulted]
    assert found["clusters"]["count"] == [5, 4], "the largest first"
    assert found["clusters"]["health"] == [[3, 0, 2, 0], [4, 0, 0, 0]]
    assert [one[faulted] for one in found["clusters"]["status"]] == [2, 0]
    assert (found["clusters"]["latitude"], found["clusters"]["longitude"]) == ([50, 50], [10, 10])


def test_the_worst_stations_come_first_and_no_more_than_a_page_can_hold() -> None:
    rows = [row(n, 0, health, health=health) for n, health in enumerate(("OK", "UNKNOWN", "DEGRADED", "DOWN"))]
    found = json.loads(encoded(Part(2, 0, 3, 0, 3), rows))
    assert found["stations"]["id"] == ["DOWN", "DEGRADED", "UNKNOWN", "OK"]
    crowd = [row(0, 0, f"S{n}") for n in range(MOST + 1)]
    assert len(json.loads(encoded(Part(APART, 0, 0, 0, 0), crowd))["stations"]["id"]) == MOST


def test_over_the_antimeridian_cells_of_both_sides_count() -> None:
    around = Part(1, 7, 0, 3, 4)
    rows = [row(7, 3, "west of it"), row(0, 3, "east of it"), row(4, 3, "elsewhere")]
    assert json.loads(encoded(around, rows))["stations"]["id"] == ["east of it", "west of it"]
    assert around.cells == 4


def test_closest_each_station_is_told_by_itself() -> None:
    found = json.loads(encoded(Part(APART, 0, 3, 0, 3), [row(1, 1, "A"), row(1, 1, "B")]))
    assert found["stations"]["id"] == ["A", "B"]
