"""Ids of stations and charge points: what they may look like, and how a new one is made. Pure."""

import re
import secrets
from typing import Annotated

from pydantic import AfterValidator, Field

STATION_PATTERN = r"^[A-Za-z0-9._~-]{1,64}$"
CHARGE_POINT_PATTERN = r"^[ -.0-9;-~]{1,48}$"  # printable ASCII without "/" and ":"
DOTS = frozenset({".", ".."})  #: a client would take these out of the path before it sends it

_STATION = re.compile(STATION_PATTERN)
_CHARGE_POINT = re.compile(CHARGE_POINT_PATTERN)
_READABLE = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else


def _no_dots(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank: give it a letter or a number")
    if text in DOTS:
        raise ValueError("'.' and '..' cannot stand in a path: choose another id")
    return text


StationId = Annotated[
    str, Field(pattern=STATION_PATTERN, description="matched case-insensitively"), AfterValidator(_no_dots)
]
ChargePointId = Annotated[
    str, Field(pattern=CHARGE_POINT_PATTERN, description="matched case-insensitively"), AfterValidator(_no_dots)
]


def is_station(text: str) -> bool:
    """Whether a station can have this id; what cannot exist need not be looked for."""
    return _STATION.fullmatch(text) is not None and text not in DOTS


def is_charge_point(text: str) -> bool:
    """Whether a charge point can have this id."""
    return _CHARGE_POINT.fullmatch(text) is not None and text not in DOTS and not text.isspace()


def new_station() -> str:
    """Eight characters that can be read over the telephone; the inventory sees to it that it is unique."""
    return "".join(secrets.choice(_READABLE) for _ in range(8))
