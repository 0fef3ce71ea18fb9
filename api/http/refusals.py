"""Every error of the API as a problem document, and a text about each kind at its ``type``.

Problem           anything that the code here refuses
Starlette's       unmatched route (404), wrong method (405), a body that cannot be read (400)
FastAPI's         parameters and bodies that do not validate (422)
anything else     a bug: the middleware logs it and answers 500
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from api.metrics import ENDLESS

from .ids import CHARGE_POINT_PATTERN, STATION_PATTERN
from .inputs import NO_CONTROLS, NO_CONTROLS_BUT_LINES, PRINTABLE
from .problems import (
    MEDIA_TYPE,
    FieldError,
    Invalid,
    NoMethod,
    NoRoute,
    NotFound,
    Problem,
    ProblemDocument,
    TooLarge,
    Unexpected,
    Unreadable,
    every,
)

_FIELD = 200  #: characters of a name that the client chose
#: What a text may be that does not match, by its pattern.
WORDS = {
    STATION_PATTERN: "should be 1 to 64 letters and digits of ASCII, and . _ ~ -",
    CHARGE_POINT_PATTERN: "should be 1 to 48 characters of printable ASCII, without / and :",
    PRINTABLE: "should be printable ASCII alone",
    NO_CONTROLS: "should have no control characters and no line breaks",
    NO_CONTROLS_BUT_LINES: "should have no control characters",
}


def response(problem: Problem, scope: Scope) -> Response:
    """The problem as an answer to the request of ``scope``."""
    document = ProblemDocument(
        type=problem.type(),
        title=problem.title(),
        status=problem.status,
        detail=problem.detail,
        instance=quote(scope["path"]),
        request_id=scope["request_id"],
        errors=problem.errors,
    )
    return Response(msgspec.json.encode(document), problem.status, problem.headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Has every exception that FastAPI and Starlette answer themselves answered as a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_api_route("/problems/{name}", _about, include_in_schema=False)  # FastAPI's, for its template in metrics


async def _about(request: Request) -> Response:
    """What a kind of problem means: its ``type`` leads here."""
    for kind in every():
        if kind.name == request.path_params["name"]:
            return PlainTextResponse(f"{kind.title()} ({kind.status})\n\n{kind.meaning()}\n")
    raise NotFound("there is no such problem: /docs names those there are")


async def _on_problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return response(problem, request.scope)


async def _on_invalid_request(request: Request, invalid: Exception) -> Response:
    assert isinstance(invalid, RequestValidationError)
    return response(Invalid(*(field_error(error) for error in invalid.errors())), request.scope)


async def _on_http_exception(request: Request, exception: Exception) -> Response:
    assert isinstance(exception, HTTPException)
    return response(_problem(request, exception), request.scope)


def _problem(request: Request, exception: HTTPException) -> Problem:
    match exception.status_code:
        case 404:
            return NoRoute(f"nothing is served at {request.url.path}: see /docs for what is")
        case 405:
            allowed = ", ".join(sorted(_methods(request)))
            return NoMethod(f"use one of {allowed} here", headers={"Allow": allowed})
        case 400:
            return Unreadable("the body cannot be read: send JSON as application/json")
        case 413:
            return TooLarge(exception.detail, headers=exception.headers)
        case status:
            return Unexpected(f"{status} {exception.detail}", headers=exception.headers)


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
        case "string_pattern_mismatch":
            message = WORDS.get(error["ctx"]["pattern"], error["msg"])
        case "json_invalid":
            return FieldError(place, f"not JSON: {error['ctx']['error']} at character {path[0]}")
        case _:
            message = error["msg"].removeprefix("Value error, ")
    return FieldError((".".join(map(str, path)) or place)[:_FIELD], message)
