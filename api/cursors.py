"""Opaque page cursors: the last id of a page and which list it belongs to, as base64url. Pure."""

import base64
import binascii

from api.errors import FieldError, Invalid


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
        raise Invalid(FieldError("cursor", "not a cursor of this list: take next_cursor of a page, or leave it out"))
    return last
