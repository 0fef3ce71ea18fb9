"""The orders of lists, each total and by what does not change by itself: their columns, and cursors to go on. Pure."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from api.http import cursors
from api.http.problems import FieldError, Invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ById:
    """By id; ``of`` names the list, here and below."""

    of: str
    id: str

    @property
    def columns(self) -> tuple[str, ...]:
        """SQL, the most significant first."""
        return (self.id,)

    def last(self, cursor: str) -> tuple[tuple[str, Any], ...]:
        """(type, value) of each column in the row after which a page begins.

        Raises:
            Invalid: it is no cursor of this list.
        """
        return (("text", cursors.decode(self.of, cursor)),)

    def cursor(self, row: Any) -> str:
        """The cursor after a row, whose columns are ``o0`` and ``o1``."""
        return cursors.encode(self.of, row["o0"])


@dataclass(frozen=True, slots=True)
class ByName:
    """By name, then id."""

    of: str
    name: str
    id: str

    @property
    def columns(self) -> tuple[str, ...]:
        """As of ``ById``, like the others."""
        return (self.name, self.id)

    def last(self, cursor: str) -> tuple[tuple[str, Any], ...]:
        id_, colon, quoted = cursors.decode(self.of, cursor).partition(":")
        name = unquote(quoted)
        if not colon or "\0" in name:
            raise refused()
        return (("text", name), ("text", id_))

    def cursor(self, row: Any) -> str:
        return cursors.encode(self.of, f"{row['o1']}:{quote(row['o0'])}")


@dataclass(frozen=True, slots=True)
class ByDistance:
    """By distance (m), then id."""

    of: str
    id: str

    @property
    def columns(self) -> tuple[str, ...]:
        return ("d.metres", self.id)

    def last(self, cursor: str) -> tuple[tuple[str, Any], ...]:
        metres, colon, id_ = cursors.decode(self.of, cursor).partition(":")
        try:
            number = float(metres)
        except ValueError:
            number = math.nan
        if not colon or not math.isfinite(number):
            raise refused()
        return (("float8", number), ("text", id_))

    def cursor(self, row: Any) -> str:
        return cursors.encode(self.of, f"{row['o0']!r}:{row['o1']}")


def history_cursor(received_at: datetime, id_: int) -> str:
    """The cursor after a line of history."""
    return cursors.encode("h", f"{(received_at - _EPOCH) // _MICROSECOND}:{id_}")


def last_line(cursor: str) -> tuple[datetime, int]:
    """The line of history after which a page begins.

    Raises:
        Invalid: it is no cursor of a history.
    """
    micros, _, id_ = cursors.decode("h", cursor).partition(":")
    if not (micros.isdecimal() and id_.isdecimal() and max(len(micros), len(id_)) <= 18):
        raise refused()
    try:
        return _EPOCH + timedelta(microseconds=int(micros)), int(id_)
    except OverflowError:
        raise refused() from None


def refused() -> Invalid:
    """What to raise for a cursor that is none."""
    return Invalid(FieldError("cursor", "not a cursor of this list: take next_cursor of a page, or leave it out"))
