"""What FastAPI cannot say by itself in ``/openapi.json``: answers are msgspec structs, refusals kinds of problems.

A route names what it answers (``answering``); ``install`` adds what is true of every operation, and the schemas.
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI
from starlette.routing import BaseRoute

from api.http.access import scope_of
from api.http.problems import (
    MEDIA_TYPE,
    Forbidden,
    InProgress,
    Invalid,
    KeyReused,
    Problem,
    ProblemDocument,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
    Unexpected,
    Unreadable,
    WrongMediaType,
    every,
)

from . import schemas

JSON = "application/json"
LINK = ("Link",)  #: headers of a page
CREATED = ("Location", "ETag")  #: headers of what was created
_ALWAYS = (Unauthorized, Forbidden, Invalid, TooMany, Unexpected, Unavailable)
_WITH_KEY = (InProgress, KeyReused)
_WITH_BODY = (Unreadable, TooLarge, WrongMediaType)
_TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "description": "READ tokens (`PLUGWATCH_READ_TOKEN`) read; ADMIN tokens (`PLUGWATCH_ADMIN_TOKEN`) do everything.",
}
_IF_NONE_MATCH = {
    "name": "if-none-match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "an ETag; 304 when the answer is still that one",
}
_TEXT, _NUMBER = {"type": "string"}, {"type": "integer", "minimum": 0}
_HEADERS = {
    "X-Request-ID": (_TEXT, "names the request in our log: yours, or one that was made for it"),
    "ETag": (_TEXT, "which version of the answer it is: for If-None-Match, and If-Match when it is changed"),
    "Plugwatch-Stream-Id": (_TEXT, "`Last-Event-ID` to follow the stream with from here: no later change is missed"),
    "Link": (_TEXT, 'where the next page is, `rel="next"`; absent on the last one'),
    "Location": (_TEXT, "where what was created lives"),
    "Idempotency-Replayed": (_TEXT, "`true`: it was done before, and this is the answer of then"),
    "Age": (_NUMBER, "only where nobody can say that it is current: how long ago that was known (s, RFC 9111)"),
    "Retry-After": (_NUMBER, "when to try again (s)"),
    "WWW-Authenticate": (_TEXT, "which kind of token is wanted (RFC 6750)"),
    "Accept": (_TEXT, "which kinds of body are read here"),
}
_OF_STATUS = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    409: ("Retry-After",),
    415: ("Accept",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


class _Answer(dict[str, Any]):
    """A response of a route, the structs that it may be, and an example by its name."""

    types: Sequence[Any] = ()
    example: tuple[str, Any] | None = None


def answering(
    type_: Any,
    *refusals: type[Problem],
    status: int = 200,
    example: Any = None,
    says: str | None = None,
    headers: Sequence[str] = (),
    etag: bool = False,
    media_type: str = JSON,
) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that answers with ``type_`` (None: nothing; a tuple: one of these), or refuses.

    ``says`` is when it answers so; ``etag``: it has one, and may be 304. What every operation may refuse for is added.
    """
    answer = _Answer(description=says or HTTPStatus(status).phrase, headers=header_refs(*headers))
    found: dict[int | str, dict[str, Any]] = {status: answer}
    if type_ is not None:
        answer.types = type_ if isinstance(type_, tuple) else (type_,)
        refs = [schemas.ref(one) for one in answer.types]
        content: dict[str, Any] = {"schema": refs[0] if len(refs) == 1 else {"oneOf": refs}}
        if example is not None:
            called = schemas.name(answer.types[0]) + (f"-{status}" if status == 202 else "")
            answer.example = called, example
            content["examples"] = _examples(called)
        answer["content"] = {media_type: content}
    if etag:
        told = header_refs("ETag", "Plugwatch-Stream-Id")
        answer["headers"] |= told
        found[304] = {"description": "It is the one of If-None-Match", "headers": told}
    return found | refused(refusals)


def refused(kinds: Iterable[type[Problem]]) -> dict[int | str, dict[str, Any]]:
    """The responses for these kinds of problems, by status, with an example of each."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        schema = schemas.ref(ProblemDocument)
        response = found.setdefault(kind.status, {"description": "", "content": {MEDIA_TYPE: {"schema": schema}}})
        response["description"] = f"{response['description']} `{kind.name}`: {kind.meaning()}".strip()
        response["headers"] = header_refs(*_OF_STATUS.get(kind.status, ()))
        response["content"][MEDIA_TYPE].setdefault("examples", {}).update(_examples(kind.name))
    return found


def install(app: FastAPI, routes: Iterable[BaseRoute]) -> None:
    """Has ``app.openapi()`` tell about tokens, problems and answers; ``routes`` are those under ``/v1``."""
    made = app.openapi
    told = [
        response
        for route in routes
        for response in getattr(route, "responses", {}).values()
        if isinstance(response, _Answer)
    ]
    types = [type_ for answer in told for type_ in answer.types]
    examples = dict(answer.example for answer in told if answer.example is not None)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        schema = made()
        components = schema.setdefault("components", {})
        components["securitySchemes"] = {"token": _TOKEN}
        components["headers"] = {name: {"schema": kind, "description": text} for name, (kind, text) in _HEADERS.items()}
        # not in the routes: FastAPI leaves nulls out of all that it is given
        components["examples"] = {called: {"value": _plain(one)} for called, one in examples.items()} | {
            kind.name: {"summary": kind.title(), "value": _plain(kind.document())} for kind in every()
        }
        components["schemas"] = components.get("schemas", {}) | schemas.components([*types, ProblemDocument])
        for unused in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(unused, None)
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                _complete(method, path, operation)
        app.openapi_schema = schemas.with_words(schema)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's way to extend it


def _complete(method: str, path: str, operation: dict[str, Any]) -> None:
    operation["security"] = [{"token": [scope_of(method.upper(), path)]}]
    responses = operation["responses"]
    if "304" in responses:
        operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
    always = (*_ALWAYS, *_WITH_BODY) if "requestBody" in operation else _ALWAYS
    if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ())):
        always = (*always, *_WITH_KEY)
        for status in responses.keys() & {"200", "201"}:
            responses[status]["headers"] = responses[status].get("headers", {}) | header_refs("Idempotency-Replayed")
    if _is_fastapis(responses.get("422")):
        del responses["422"]
    for status, response in refused(always).items():
        known = responses.get(str(status))
        if known is None:
            responses[str(status)] = response
            continue
        known["description"] = f"{response['description']} {known['description']}"
        known["content"][MEDIA_TYPE]["examples"] |= response["content"][MEDIA_TYPE]["examples"]
    for response in responses.values():
        for content in response.get("content", {}).values():
            if "oneOf" in content["schema"]:
                content["schema"].pop("type", None)  # FastAPI's word for a stream
        response["headers"] = response.get("headers", {}) | header_refs("X-Request-ID")
    operation["responses"] = dict(sorted(responses.items()))


def _is_fastapis(response: dict[str, Any] | None) -> bool:
    """Whether it is FastAPI's own word about what does not validate, which we answer otherwise."""
    return response is not None and MEDIA_TYPE not in response.get("content", {})


def _examples(called: str) -> dict[str, Any]:
    return {called: {"$ref": f"#/components/examples/{called}"}}


def _plain(example: Any) -> Any:
    """A struct as the JSON that it becomes."""
    return msgspec.json.decode(msgspec.json.encode(example))


def header_refs(*names: str) -> dict[str, Any]:
    """Headers of an answer, by name."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
