"""Places on the globe: points, boxes, and the box around a circle. Pure.

A box whose west is greater than its east crosses the antimeridian (RFC 7946 §5.2).
"""

import math
from typing import NamedTuple

EARTH_M = 6_371_008.8  #: mean radius (IUGG)
MAX_RADIUS_M = 100_000

_MARGIN = 1.0001  # rounding must not put a point of the circle outside its box


class Point(NamedTuple):
    """Degrees, WGS 84."""

    latitude: float
    longitude: float


class Box(NamedTuple):
    """Degrees; contains its edges."""

    west: float
    south: float
    east: float
    north: float


def point(text: str) -> Point:
    """From ``lat,lon``.

    Raises:
        ValueError: it is no point on the globe.
    """
    latitude, longitude = _numbers(text, 2, "two numbers, lat,lon, such as 52.52,13.41")
    _check(latitude, 90, "lat")
    _check(longitude, 180, "lon")
    return Point(latitude, longitude)


def box(text: str) -> Box:
    """From ``min_lon,min_lat,max_lon,max_lat``.

    Raises:
        ValueError: it is no box on the globe.
    """
    west, south, east, north = _numbers(
        text, 4, "four numbers, min_lon,min_lat,max_lon,max_lat, such as 13.3,52.4,13.5,52.6"
    )
    for longitude, name in ((west, "min_lon"), (east, "max_lon")):
        _check(longitude, 180, name)
    for latitude, name in ((south, "min_lat"), (north, "max_lat")):
        _check(latitude, 90, name)
    if south > north:
        raise ValueError("min_lat is above max_lat: the order is min_lon,min_lat,max_lon,max_lat")
    return Box(west, south, east, north)


def around(center: Point, radius_m: float) -> Box:
    """The smallest box that holds the circle; all longitudes when it holds a pole."""
    angle = radius_m / EARTH_M * _MARGIN
    latitude = math.radians(center.latitude)
    south, north = (center.latitude + sign * math.degrees(angle) for sign in (-1, 1))
    if south <= -90 or north >= 90:
        return Box(-180, max(south, -90), 180, min(north, 90))
    width = math.degrees(math.asin(math.sin(angle) / math.cos(latitude))) * _MARGIN
    return Box(_wrapped(center.longitude - width), south, _wrapped(center.longitude + width), north)


def _wrapped(longitude: float) -> float:
    return (longitude + 180) % 360 - 180 if abs(longitude) > 180 else longitude


def _numbers(text: str, n: int, wanted: str) -> list[float]:
    parts = text.split(",")
    try:
        numbers = [] if "_" in text else [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) != n or not all(map(math.isfinite, numbers)):
        raise ValueError(f"give {wanted}")
    return numbers


def _check(degrees: float, limit: int, name: str) -> None:
    if abs(degrees) > limit:
        raise ValueError(f"{name} must be between -{limit} and {limit}")
