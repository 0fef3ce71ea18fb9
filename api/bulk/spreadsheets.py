"""What people and their spreadsheets make of a file: separators, spellings, blanks, decimal commas. Pure.

A text that a spreadsheet would take for a formula, or whose blanks at its ends belong to it, goes out with an
apostrophe before it (CWE-1236), which comes off again on the way in; other blanks at the ends of a cell are nobody's.
"""

import functools
import re
import zoneinfo

BLANK = "is blank: give an id, or leave the cell empty"

_SEPARATORS = "\t;,"
_SAID = re.compile(r'"?sep=([\t;,])"?[\t;, ]*\r?', re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
#: What makes a formula of a cell, also after blanks, and in the full-width forms that East Asian spreadsheets take.
_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def said(first: str) -> str | None:
    """The separator that the first line says, as Excel has it (``sep=;``); None for a header."""
    found = _SAID.fullmatch(first)
    return found[1] if found else None


def separator(header: str) -> str:
    """The one between the cells of a header: names of columns have none of them."""
    return max(_SEPARATORS, key=header.count) if any(one in header for one in _SEPARATORS) else ","


def column(name: str) -> str:
    """The name of a column as we spell it, from ``Station ID`` or the like."""
    return re.sub(r"[\s_-]+", "_", name.strip().lower())


def cell(column: str, text: str) -> str:
    """What a cell gives; "" for nothing."""
    if text.startswith("'") and _needs_apostrophe(text[1:]):
        return text[1:]
    text = text.strip()
    match column:
        case "latitude" | "longitude" if _DECIMAL_COMMA.fullmatch(text):
            return text.replace(",", ".")
        case "registration":
            return text.upper()
        case "time_zone":
            return _zones().get(text.lower(), text)
    return text


def written(value: object) -> object:
    """A value as it goes into a cell."""
    return f"'{value}" if isinstance(value, str) and _needs_apostrophe(value) else value


def _needs_apostrophe(text: str) -> bool:
    bare = text.lstrip("'")  # what one comes off of on the way in must have got one on the way out
    return _FORMULA.match(bare) is not None or bare != bare.strip()


@functools.cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in zoneinfo.available_timezones()}
