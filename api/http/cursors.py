"""Opaque page cursors: the last row of a page and which list it belongs to, as base64url. Pure.

A row is an id, or an id after what the list is sorted by.
"""

import base64
import binascii

from .problems import FieldError, Invalid

_WRONG = "not a cursor of this list: take next_cursor of a page, or leave it out"


def encode(of: str, last: str) -> str:
    """The cursor of the page after ``last`` in the list ``of``."""
    return base64.urlsafe_b64encode(f"{of}:{last}".encode()).decode().rstrip("=")


def decode(of: str, cursor: str | None) -> str:
    """The id after which the page begins; before all ids when there is no cursor.

    Raises:
        Invalid: it is no cursor of this list.
    """
    if cursor is None:
        return ""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        kind, _, last = base64.b64decode(padded, altchars="-_", validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        kind = last = ""
    if kind != of or not last.isprintable() or not last:
        raise Invalid(FieldError("cursor", _WRONG))
    return last


def decode_number(of: str, cursor: str | None) -> int | None:
    """The number after which the page begins, None when there is no cursor.

    Raises:
        Invalid: it is no cursor of this list.
    """
    last = decode(of, cursor)
    if last and not (last.isdigit() and len(last) <= 18):
        raise Invalid(FieldError("cursor", _WRONG))
    return int(last) if last else None
