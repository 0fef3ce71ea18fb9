"""What no route can know is refused on every route: unknown query parameters, those that come twice, other bodies,
compressed ones.

What a route knows is what ``/openapi.json`` says of it, so there is nothing to do for a new route: a mistyped
``?dry_run=true`` must not delete, nor a filter that is not there answer for the whole network.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from starlette.routing import compile_path
from starlette.types import Scope

from .problems import FieldError, Invalid, WrongMediaType

_MOST = 2000  #: parameters; the largest filters are two lists of 500


_JSON = "application/json"
#: What may be sent is small, and what was unpacked is not known to be before it was.
_PLAIN_BODIES = {"Accept-Encoding": "identity"}


class _Operation(NamedTuple):
    parameters: Mapping[str, bool]  #: by name whether it may come several times
    json: bool  #: whether its body is JSON


class _Path(NamedTuple):
    template: str
    pattern: re.Pattern[str]
    operations: Mapping[str, _Operation]  #: by method


class Query:
    """What every operation in ``openapi()`` takes, read at the first request that is asked about."""

    def __init__(self, openapi: Callable[[], Mapping[str, Any]]) -> None:
        self._openapi = openapi
        self._paths: Sequence[_Path] = ()

    def template(self, path: str) -> str | None:
        """The path template of the route that would serve ``path``."""
        return next((one.template for one in self._known() if one.pattern.match(path)), None)

    def check(self, scope: Scope, headers: Mapping[bytes, bytes]) -> None:
        """Lets a request through whose query and kind of body its route knows, or that has no route.

        Raises:
            Invalid, WrongMediaType
        """
        has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        if not (scope["query_string"] or has_body):
            return
        method = scope["method"].lower()
        for _, pattern, methods in self._known():
            if method in methods and pattern.match(scope["path"]):
                if scope["query_string"]:
                    _check(scope["query_string"], methods[method].parameters)
                if has_body and methods[method].json and not _is_json(headers.get(b"content-type", b"")):
                    raise WrongMediaType.than(_JSON)
                if has_body and headers.get(b"content-encoding", b"").lower() not in (b"", b"identity"):
                    raise WrongMediaType("send the body as it is, without Content-Encoding", headers=_PLAIN_BODIES)
                return

    def _known(self) -> Sequence[_Path]:
        self._paths = self._paths or _paths(self._openapi())
        return self._paths


def _is_json(content_type: bytes) -> bool:
    kind = content_type.partition(b";")[0].strip().lower()
    return kind == _JSON.encode() or (kind.startswith(b"application/") and kind.endswith(b"+json"))


def _check(query: bytes, known: Mapping[str, bool]) -> None:
    try:
        given = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST)]
    except ValueError:
        raise Invalid(FieldError("query", f"has more than {_MOST} parameters: ask in parts")) from None
    wrong = [FieldError(name[:100], "unknown: remove it") for name in dict.fromkeys(given) if name not in known]
    twice = [name for name, many in known.items() if not many and given.count(name) > 1]
    if wrong or twice:
        raise Invalid(*wrong[:20], *(FieldError(name, "comes more than once: give it once") for name in twice))


def _paths(schema: Mapping[str, Any]) -> list[_Path]:
    """What each takes, by path and method."""
    return [
        _Path(
            path,
            compile_path(path)[0],
            {
                method: _Operation(
                    {
                        one["name"]: _is_list(one["schema"])
                        for one in operation.get("parameters", ())
                        if one["in"] == "query"
                    },
                    _JSON in operation.get("requestBody", {}).get("content", ()),
                )
                for method, operation in operations.items()
            },
        )
        for path, operations in schema["paths"].items()
    ]


def _is_list(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "array" or any(_is_list(one) for one in schema.get("anyOf", ()))
