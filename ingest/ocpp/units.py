"""Times and texts of chargers, as they come, into what we can store: never raises, refuses nothing."""

import re
from datetime import UTC, datetime

from shared.instant import from_datetime

_LEAP_SECOND = re.compile(r"(:\d\d):60(?!\d)")

_EARLIEST = from_datetime(datetime.min.replace(tzinfo=UTC))
_LATEST = from_datetime(datetime.max.replace(tzinfo=UTC))


def milliseconds(timestamp: str) -> int | None:
    """A charger's timestamp in ms since 1970 UTC; None when nobody can read it (ISO 8601, as the field writes it).

    Takes what ISO 8601 allows: any offset, none at all (UTC then), any number of fraction digits, a
    leap second (which is the second after). A year 0001 or 1970 is read as such: who is early or
    late is decided where the received time is known.
    """
    try:
        return _since_1970(datetime.fromisoformat(timestamp))
    except ValueError:
        return _of_an_oddity(timestamp)


def _of_an_oddity(timestamp: str) -> int | None:
    plain = timestamp.strip().upper()
    without_leap = _LEAP_SECOND.sub(r"\1:59", plain, count=1)
    try:
        return _since_1970(datetime.fromisoformat(without_leap), leap=without_leap != plain)
    except ValueError:
        return None


def _since_1970(moment: datetime, *, leap: bool = False) -> int | None:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    ms = from_datetime(moment) + 1000 * leap
    return ms if _EARLIEST <= ms <= _LATEST else None


def clean(text: str, limit: int) -> str:
    """``text`` as Postgres and UTF-8 can hold it: without U+0000 and lone surrogates, at most ``limit`` characters."""
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.isascii():
        text = text.encode("utf-8", "ignore").decode("utf-8")
    return text[:limit]


def clean_or_none(text: str | None, limit: int) -> str | None:
    """As `clean`; absent and empty are the same."""
    return clean(text, limit) or None if text else None
