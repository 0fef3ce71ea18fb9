"""Instants: integer milliseconds since the Unix epoch, UTC, and the two forms they take outside.

An instant turns up many times on its way through a batch (received, seen, since, in rows and in
documents), so the last conversions are remembered.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
REMEMBERED = 16_384

#: What is kept as an instant: the years 1970 to 2200, which every store and every client can hold.
EARLIEST, LATEST = 0, 7_289_654_399_999


@lru_cache(REMEMBERED)
def to_datetime(instant: int) -> datetime:
    """As Postgres takes it."""
    return _EPOCH + timedelta(milliseconds=instant)


def from_datetime(moment: datetime) -> int:
    """From a time zone aware datetime; what is finer than a millisecond is cut off."""
    return (moment - _EPOCH) // _MILLISECOND


@lru_cache(REMEMBERED)
def to_text(instant: int) -> str:
    """RFC 3339 in UTC with three decimals and ``Z``, as documents and OCPP replies carry it."""
    return to_datetime(instant).isoformat(timespec="milliseconds")[:-6] + "Z"
