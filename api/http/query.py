"""Query parameters that no route knows, or that come twice where one is meant, are refused on every route.

What a route knows is what ``/openapi.json`` says of it, so there is nothing to do for a new route: a mistyped
``?dry_run=true`` must not delete, nor a filter that is not there answer for the whole network.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.routing import compile_path
from starlette.types import Scope

from .problems import FieldError, Invalid

_MOST = 2000  #: parameters; the largest filters are two lists of 500


class Query:
    """The query parameters of every operation in ``openapi()``, read at the first request that has any."""

    def __init__(self, openapi: Callable[[], Mapping[str, Any]]) -> None:
        self._openapi = openapi
        self._operations: list[tuple[re.Pattern[str], Mapping[str, Mapping[str, bool]]]] = []

    def check(self, scope: Scope) -> None:
        """Lets a request through whose query its route knows, or that has no route.

        Raises:
            Invalid
        """
        if not scope["query_string"]:
            return
        self._operations = self._operations or _operations(self._openapi())
        method = scope["method"].lower()
        for path, methods in self._operations:
            if method in methods and path.match(scope["path"]):
                _check(scope["query_string"], methods[method])
                return


def _check(query: bytes, known: Mapping[str, bool]) -> None:
    try:
        given = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST)]
    except ValueError:
        raise Invalid(FieldError("query", f"has more than {_MOST} parameters: ask in parts")) from None
    wrong = [FieldError(name[:100], "unknown: remove it") for name in dict.fromkeys(given) if name not in known]
    twice = [name for name, many in known.items() if not many and given.count(name) > 1]
    if wrong or twice:
        raise Invalid(*wrong[:20], *(FieldError(name, "comes more than once: give it once") for name in twice))


def _operations(schema: Mapping[str, Any]) -> list[tuple[re.Pattern[str], Mapping[str, Mapping[str, bool]]]]:
    """Per path and method the names, and whether each may come several times."""
    return [
        (
            compile_path(path)[0],
            {
                method: {
                    one["name"]: _is_list(one["schema"])
                    for one in operation.get("parameters", ())
                    if one["in"] == "query"
                }
                for method, operation in operations.items()
            },
        )
        for path, operations in schema["paths"].items()
    ]


def _is_list(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "array" or any(_is_list(one) for one in schema.get("anyOf", ()))
