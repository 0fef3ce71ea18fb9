"""The grid of the board's map: which cells a box touches, and what is told of them."""

import json
from typing import Any

import pytest

from api.board.clusters import APART, MOST, Part, encoded, part
from shared.words.places import Box


def row(x: int, y: int, id_: str, n: int = 1, health: str = "OK") -> dict[str, Any]:
    told = {"x": float(x), "y": float(y), "status": "AVAILABLE", "health": health, "n": n, "id": id_, "name": id_}
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
    rows = [row(0, 0, "A", health="DOWN"), row(1, 0, "B", 3), row(1, 0, "C", 2, "DOWN"), row(9, 9, "outside")]
    found = json.loads(encoded(Part(2, 0, 3, 0, 3), rows))
    assert found["stations"]["id"] == ["A"]
    assert found["stations"]["health"] == [found["legend"]["health"].index("DOWN")]
    assert found["clusters"]["count"] == [5]
    assert found["clusters"]["health"] == [[3, 0, 2, 0]]
    assert (found["clusters"]["latitude"], found["clusters"]["longitude"]) == ([50], [10])


def test_over_the_antimeridian_cells_of_both_sides_count() -> None:
    rows = [row(7, 3, "west of it"), row(0, 3, "east of it"), row(4, 3, "elsewhere")]
    assert json.loads(encoded(Part(1, 7, 0, 3, 4), rows))["stations"]["id"] == ["east of it", "west of it"]


def test_closest_each_station_is_told_by_itself() -> None:
    found = json.loads(encoded(Part(APART, 0, 3, 0, 3), [row(1, 1, "A"), row(1, 1, "B")]))
    assert found["stations"]["id"] == ["A", "B"]
