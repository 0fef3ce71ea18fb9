"""The orders of lists, each total and by what does not change by itself: their columns, and cursors to go on. Pure."""

import math
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from api.http import pages


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
        return (("text", pages.decode(self.of, cursor)),)

    def cursor(self, row: Any) -> str:
        """The cursor after a row, whose columns are ``o0`` and ``o1``."""
        return pages.encode(self.of, row["o0"])


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
        id_, colon, quoted = pages.decode(self.of, cursor).partition(":")
        name = unquote(quoted)
        if not colon or "\0" in name:
            raise pages.refused()
        return (("text", name), ("text", id_))

    def cursor(self, row: Any) -> str:
        return pages.encode(self.of, f"{row['o1']}:{quote(row['o0'])}")


@dataclass(frozen=True, slots=True)
class ByDistance:
    """By distance (m), then id."""

    of: str
    id: str

    @property
    def columns(self) -> tuple[str, ...]:
        return ("d.metres", self.id)

    def last(self, cursor: str) -> tuple[tuple[str, Any], ...]:
        metres, colon, id_ = pages.decode(self.of, cursor).partition(":")
        try:
            number = float(metres)
        except ValueError:
            number = math.nan
        if not colon or not math.isfinite(number):
            raise pages.refused()
        return (("float8", number), ("text", id_))

    def cursor(self, row: Any) -> str:
        return pages.encode(self.of, f"{row['o0']!r}:{row['o1']}")
