"""Problem documents (RFC 9457) of the form that every server here answers errors with."""

import json
from http import HTTPStatus

MEDIA_TYPE = "application/problem+json"


def encoded(status: int, detail: str, *, request_id: str, instance: str = "") -> bytes:
    """The document; ``detail`` says what to do next, ``instance`` is the path that was asked for."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        "request_id": request_id,
        "errors": [],
    }
    return json.dumps(body).encode()
