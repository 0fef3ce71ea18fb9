"""Answers made of bytes that are JSON already."""

import hashlib
from collections.abc import Mapping
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.http import etags
from shared.stores.hot import Change, Hot

STREAM_ID = "Plugwatch-Stream-Id"
_JSON = "application/json"


def document(found: Hot | Change, request: Request | None = None, *, password: str | None = None) -> Response:
    """A document with its entity tag; 304 if ``request`` is that of a client who holds it already.

    ``password``: one that was just made; it is shown this once.
    ``Age`` (RFC 9111 §5.1, s) is there only where nobody can say that it is current.
    """
    headers = {"ETag": found.etag, "Cache-Control": "no-cache"}
    if isinstance(found, Hot) and found.age_s is not None:
        headers["Age"] = str(found.age_s)
    if request is not None:
        headers |= following(request.scope["stream_id"])
    if request is not None and etags.is_current(request.headers.get("if-none-match"), found.etag):
        return Response(status_code=304, headers=headers)
    if password is not None:
        headers["Cache-Control"] = "no-store"
    return Response(_with(password, found.document), headers=headers, media_type=_JSON)


def listed(
    request: Request,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    kept: str = "no-cache",
    media_type: str = _JSON,
) -> Response:
    """What is made anew for each request, with an entity tag of its bytes; 304 for who holds it already.

    ``kept``: its Cache-Control.
    """
    etag = f'"{hashlib.blake2s(body, digest_size=12).hexdigest()}"'
    followed = following(request.scope["stream_id"])
    told = {**followed, **(headers or {}), "ETag": etag, "Cache-Control": kept}
    if etags.is_current(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=told)
    return Response(body, headers=told, media_type=media_type)


def following(stream_id: str | None) -> dict[str, str]:
    """The header that says after which change to follow the stream, so that nothing is missed; none while unknown."""
    return {} if stream_id is None else {STREAM_ID: stream_id}


def created(change: Change, collection: str, id_: str, *, password: str | None = None) -> Response:
    """201 with the new document and where it lives; ``password`` as above."""
    headers = {"ETag": change.etag, "Location": f"{collection}/{quote(id_, safe='')}"}
    if password is not None:
        headers["Cache-Control"] = "no-store"
    return Response(_with(password, change.document), 201, headers, _JSON)


def _with(password: str | None, document: bytes | None) -> bytes | None:
    if password is None or document is None:
        return document
    return msgspec.json.encode(msgspec.json.decode(document) | {"password": password})
