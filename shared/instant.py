"""Instants: integer milliseconds since the Unix epoch, UTC, and the two forms they take outside."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def to_datetime(instant: int) -> datetime:
    """As Postgres takes it."""
    return _EPOCH + timedelta(milliseconds=instant)


def from_datetime(moment: datetime) -> int:
    """From a time zone aware datetime; what is finer than a millisecond is cut off."""
    return (moment - _EPOCH) // _MILLISECOND


def to_text(instant: int) -> str:
    """RFC 3339 in UTC with three decimals and ``Z``, as documents and OCPP replies carry it."""
    return to_datetime(instant).isoformat(timespec="milliseconds")[:-6] + "Z"


def from_text(text: str) -> int:
    """Back from what ``to_text`` wrote."""
    return from_datetime(datetime.fromisoformat(text))
