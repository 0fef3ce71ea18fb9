"""Every error of the API as an RFC 9457 problem document whose ``detail`` says what to do next.

Problem           anything that the code here refuses; each subclass is one status
Starlette's       unmatched route (404), wrong method (405), a body that cannot be read (400)
FastAPI's         parameters and bodies that do not validate (422)
anything else     a bug: the edge logs it and answers 500
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from api.metrics import ENDLESS

_FIELD = 200  #: characters of a name that the client chose
MEDIA_TYPE = "application/problem+json"


class FieldError(Struct, frozen=True):
    """One thing that is wrong with a request, and where."""

    field: str
    message: str


class Problem(Exception):
    """A request that is refused; ``detail`` tells the client what to do next."""

    status: ClassVar[int]

    def __init__(
        self, detail: str, *, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}


class Unauthorized(Problem):
    """No token, or one that nobody gave out."""

    status = 401


class Forbidden(Problem):
    """A token whose scope is too small."""

    status = 403


class NotFound(Problem):
    """There is no such thing, or not any more."""

    status = 404


class Conflict(Problem):
    """The state of the inventory does not allow it."""

    status = 409


class Changed(Problem):
    """If-Match names a version that is not the current one."""

    status = 412


class TooLarge(Problem):
    """The body is larger than any request here needs."""

    status = 413


class Invalid(Problem):
    """The request can be read but not accepted; ``errors`` says which fields."""

    status = 422

    def __init__(self, *errors: FieldError) -> None:
        names = ", ".join(error.field for error in errors)
        super().__init__(f"correct {names} (see errors) and send the request again", errors=errors)


class Unreadable(Problem):
    """The body is of a kind that this route does not read."""

    status = 415


class Refused(Problem):
    """A charger answered with an error instead of a status: something is wrong behind us, not here."""

    status = 502


class Silent(Problem):
    """A charger did not answer in time."""

    status = 504


class TooMany(Problem):
    """The token has used up its share of requests."""

    status = 429


class Unexpected(Problem):
    """A bug of ours."""

    status = 500


class Unavailable(Problem):
    """What the request needs is away; trying again is right."""

    status = 503


def response(problem: Problem, scope: Scope) -> Response:
    """The problem as an answer to the request of ``scope``."""
    return _document(problem.status, problem.detail, scope, problem.errors, problem.headers)


def install(app: FastAPI) -> None:
    """Has every exception that FastAPI and Starlette answer themselves answered as a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)


async def _on_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return response(problem, request.scope)


async def _on_invalid_request(request: Request, invalid: Exception) -> Response:
    assert isinstance(invalid, RequestValidationError)
    return response(Invalid(*(field_error(error) for error in invalid.errors())), request.scope)


async def _on_http_exception(request: Request, exception: Exception) -> Response:
    assert isinstance(exception, HTTPException)
    match exception.status_code:
        case 404:
            detail, headers = f"nothing is served at {request.url.path}: see /docs for what is", {}
        case 405:
            allowed = ", ".join(sorted(_methods(request)))
            detail, headers = f"use one of {allowed} here", {"Allow": allowed}
        case 400:
            detail, headers = "the body cannot be read: send JSON as application/json", {}
        case _:
            detail, headers = str(exception.detail), dict(exception.headers or {})
    return _document(exception.status_code, detail, request.scope, (), headers)


def _methods(request: Request) -> set[str]:
    """The methods that the path of the request has: it may be served by several routes."""
    tried = ("GET", "POST", "PUT", "PATCH", "DELETE")
    routes = request.app.router.routes
    found = {m for m in tried if any(r.matches({**request.scope, "method": m})[0] is Match.FULL for r in routes)}
    return found | {"HEAD"} if "GET" in found and request.url.path not in ENDLESS else found


def field_error(error: Mapping[str, Any]) -> FieldError:
    """From pydantic's words to ours; never with the value, which may be a password."""
    place, *path = error["loc"]
    match error["type"]:
        case "extra_forbidden":
            message = "unknown: remove it"
        case "missing":
            message = "is required"
        case "json_invalid":
            return FieldError(place, f"not JSON: {error['ctx']['error']} at character {path[0]}")
        case _:
            message = error["msg"].removeprefix("Value error, ")
    return FieldError((".".join(map(str, path)) or place)[:_FIELD], message)


def _document(
    status: int, detail: str, scope: Scope, errors: Sequence[FieldError], headers: Mapping[str, str]
) -> Response:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": scope["path"],
        "request_id": scope["request_id"],
        "errors": errors,
    }
    return Response(msgspec.json.encode(body), status, headers, MEDIA_TYPE)
