"""What FastAPI cannot say by itself in ``/openapi.json``: tokens with their scopes, and problem documents."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from api.http import schemas

from .access import scope_of
from .problems import MEDIA_TYPE

_WHEN = {
    304: "The document is the one of If-None-Match",
    404: "There is none with this id",
    409: "The id is taken",
    412: "It was changed since the ETag of If-Match",
    413: "The body is larger than 1 MiB",
    422: "A parameter or the body is wrong; `errors` says what",
    415: "The body is of another content type",
    502: "The charger answered with an error (OCPP CALLERROR); `detail` has it",
    503: "A dependency is away; Retry-After says when to try again",
    504: "The charger did not answer in time; it may still do what was asked",
}
_ALWAYS = {
    "401": "No token, or an unknown one",
    "403": "The scope of the token is too small",
    "422": _WHEN[422],
    "429": "The token has used up its share of requests; Retry-After says when the next may come",
    "500": "A bug of ours, logged under `request_id`",
}
_TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "description": "READ tokens (`PLUGWATCH_READ_TOKEN`) read; ADMIN tokens (`PLUGWATCH_ADMIN_TOKEN`) do everything.",
}
_IF_NONE_MATCH = {
    "name": "if-none-match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "an ETag; 304 when the document is still that one",
}
_AGE = {
    "description": "only where nobody can say that the document is current (Redis is not vouched for, Postgres is "
    "away): how long ago that was known (s, RFC 9111)",
    "schema": {"type": "integer", "minimum": 0},
}


def may_answer(*statuses: int, when: Mapping[int, str] | None = None) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may answer so; ``when`` says it in other words than usual."""
    said = _WHEN | dict(when or {})
    return {
        status: {"description": said[status]} | ({"model": schemas.Problem} if status >= 400 else {})
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Has ``app.openapi()`` tell about tokens and problems on every operation under ``/v1``."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        schema = made()
        schema["components"]["securitySchemes"] = {"token": _TOKEN}
        for path, operations in schema["paths"].items():
            if path.startswith("/v1/"):
                for method, operation in operations.items():
                    _complete(method, path, operation)
        return schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's way to extend it


def _complete(method: str, path: str, operation: dict[str, Any]) -> None:
    operation["security"] = [{"token": [scope_of(method.upper(), path)]}]
    if "304" in operation["responses"]:
        operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
        for status in ("200", "304"):
            operation["responses"][status]["headers"] = {"Age": _AGE}
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for status, description in _ALWAYS.items():
        operation["responses"][status] = {"description": description}
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        operation["responses"]["400"] = {"description": "The body is no UTF-8"}
    for status, response in operation["responses"].items():
        if status >= "400":
            response["content"] = {MEDIA_TYPE: problem}
    operation["responses"] = dict(sorted(operation["responses"].items()))
