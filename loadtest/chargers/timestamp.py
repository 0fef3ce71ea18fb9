"""A time as OCPP writes it. Pure."""

from datetime import UTC, datetime


def timestamp(at: float) -> str:
    """Unix seconds as RFC 3339 in UTC with three decimals, which is all that 2.x allows."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
