"""Times and texts of chargers, as they come, into what we can store: never raises, refuses nothing."""

import re
from datetime import UTC, datetime

from shared.words.instant import EARLIEST, LATEST, from_datetime

_LEAP_SECOND = re.compile(r"(:\d\d):60(?!\d)")
_END_OF_DAY = re.compile(r"([T ])24(:00(:00([.,]0+)?)?)(?![:.,\d])")
_SECOND, _DAY = 1000, 24 * 60 * 60 * 1000


def milliseconds(timestamp: str) -> int | None:
    """A charger's timestamp in ms since 1970 UTC; None when nobody can read it (ISO 8601, as the field writes it).

    Takes what ISO 8601 allows: any offset, none at all (UTC then), any number of fraction digits, a
    leap second (which is the second after), 24:00 (the next day's 00:00). One outside the bounds of
    an instant (a year 0001) is None, too; who is early or late is decided where the received time is known.
    """
    ms = _since_1970(timestamp)
    return ms if ms is not None and EARLIEST <= ms <= LATEST else None


def is_time(timestamp: str) -> bool:
    """Whether it can be read at all, whatever its year."""
    return _since_1970(timestamp) is not None


def _since_1970(timestamp: str) -> int | None:
    try:
        return _in_utc(datetime.fromisoformat(timestamp))
    except ValueError:
        return _of_an_oddity(timestamp)


def _of_an_oddity(timestamp: str) -> int | None:
    plain = timestamp.strip().upper()
    usual, leaps = _LEAP_SECOND.subn(r"\1:59", plain, count=1)
    usual, days = _END_OF_DAY.subn(r"\g<1>00\2", usual, count=1)
    try:
        return _in_utc(datetime.fromisoformat(usual)) + leaps * _SECOND + days * _DAY
    except ValueError:
        return None


def _in_utc(moment: datetime) -> int:
    return from_datetime(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


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
