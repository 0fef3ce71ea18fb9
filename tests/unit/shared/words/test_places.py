"""Points, boxes, and the box around a circle."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.words.places import EARTH_M, MAX_RADIUS_M, Box, Point, around, box, point

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


def metres(a: Point, b: Point) -> float:
    phi, other = math.radians(a.latitude), math.radians(b.latitude)
    turn = math.radians(b.longitude - a.longitude)
    h = math.sin((other - phi) / 2) ** 2 + math.cos(phi) * math.cos(other) * math.sin(turn / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1, math.sqrt(h)))


def holds(area: Box, place: Point) -> bool:
    inside = area.south <= place.latitude <= area.north
    if area.west > area.east:
        return inside and (place.longitude >= area.west or place.longitude <= area.east)
    return inside and area.west <= place.longitude <= area.east


@given(latitudes, longitudes, st.floats(1, MAX_RADIUS_M), st.floats(0, 2 * math.pi), st.floats(0, 1))
def test_the_box_around_a_circle_holds_all_of_it(
    latitude: float, longitude: float, radius_m: float, bearing: float, part: float
) -> None:
    center, angle, phi = Point(latitude, longitude), part * radius_m / EARTH_M, math.radians(latitude)
    there = math.asin(math.sin(phi) * math.cos(angle) + math.cos(phi) * math.sin(angle) * math.cos(bearing))
    turn = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(phi), math.cos(angle) - math.sin(phi) * math.sin(there)
    )
    reached = Point(math.degrees(there), (longitude + math.degrees(turn) + 540) % 360 - 180)
    if metres(center, reached) <= radius_m:
        assert holds(around(center, radius_m), reached)


@pytest.mark.parametrize(
    ("center", "expected"),
    [
        (Point(0, 179.995), (179.986, -179.996)),
        (Point(0, -179.995), (179.996, -179.986)),
        (Point(89.999, 5), (-180, 180)),
        (Point(-90, 0), (-180, 180)),
    ],
)
def test_a_box_over_the_antimeridian_or_a_pole(center: Point, expected: tuple[float, float]) -> None:
    area = around(center, 1000)
    assert (area.west, area.east) == pytest.approx(expected, abs=0.001)


def test_what_is_written_as_the_contract_says_is_read() -> None:
    assert point("52.5,-13") == Point(52.5, -13)
    assert box("-180,-90,180,90") == Box(-180, -90, 180, 90)
    assert box("170,-1,-170,1") == Box(170, -1, -170, 1)


@pytest.mark.parametrize("text", ["", ",", "1", "1,2,3", "a,b", "nan,1", "1,inf", "90.1,0", "0,-180.1", "1;2"])
def test_what_is_no_point_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"lat|lon"):
        point(text)


@pytest.mark.parametrize("text", ["", "1,2", "1,2,3,4,5", "181,0,1,1", "0,91,1,92", "0,2,1,1", "0,nan,1,1"])
def test_what_is_no_box_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"lat|lon"):
        box(text)
