"""Pages of a list, and the opaque cursors that lead from one to the next.

A cursor is the last row of a page and which list it belongs to, as base64url; a row is an id, or an id after what
the list is sorted by.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from . import responses
from .problems import FieldError, Invalid

Item = TypeVar("Item", covariant=True)


class Page(Struct, Generic[Item], frozen=True):
    """A part of a list, as it is sent."""

    items: Sequence[Item]
    next_cursor: Annotated[str | None, Meta(description="null on the last page")]
    total: Annotated[int | UnsetType, Meta(description="only with `count`: how many there are on all pages")] = UNSET


def answer(request: Request, found: Page[Any]) -> Response:
    """A page; ``Link`` leads to the next one under the same filters."""
    headers = {}
    if found.next_cursor is not None:
        query = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        target = f"{quote(request.scope['path'])}?{urlencode([*query, ('cursor', found.next_cursor)])}"
        headers["Link"] = f'<{target}>; rel="next"'
    return responses.listed(request, msgspec.json.encode(found), headers)


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
        raise refused()
    return last


def decode_number(of: str, cursor: str | None) -> int | None:
    """The number after which the page begins, None when there is no cursor.

    Raises:
        Invalid: it is no cursor of this list.
    """
    last = decode(of, cursor)
    if last and not (last.isdigit() and len(last) <= 18):
        raise refused()
    return int(last) if last else None


def refused() -> Invalid:
    """What to raise for a cursor that is none."""
    return Invalid(FieldError("cursor", "not a cursor of this list: take next_cursor of a page, or leave it out"))
