"""The first and last code a request meets: its id, token, query, size and metrics, and the answer to a bug.

Plain ASGI, one layer, nothing that is done per route.
"""

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http import refusals
from api.metrics import ENDLESS, UNMATCHED, Metrics, operation
from shared.credentials import tokens
from shared.credentials.wrong_tokens import WrongTokens
from shared.http.origin import Network, asker

from .access import Access
from .at_once import AtOnce
from .compression import compressing
from .problems import Problem, TooLarge, TooMany, Unauthorized, Unexpected
from .query import Query
from .rate_limit import RateLimit

MAX_BODY_BYTES = 1024 * 1024
_MAX_BYTES = {"/v1/import": 10 * MAX_BODY_BYTES}  #: where a body may be larger

_NO_SNIFFING = (b"x-content-type-options", b"nosniff")  #: what we say it is, it is
_CLOSE = {"Connection": "close"}  #: what is refused is not read on
_VISIBLE = re.compile(rb"[\x21-\x7e]{1,128}")

log = logging.getLogger("plugwatch.api")
access_log = logging.getLogger("plugwatch.api.access")


class Middleware:
    """Wraps the application; everything it answers or lets through carries ``X-Request-ID``."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        limit: RateLimit,
        wrong_tokens: WrongTokens,
        trusted_proxies: Collection[Network],
        query: Query,
        position: Callable[[], str | None],
        ticket_holder: Callable[[str], Awaitable[tuple[str, str]]],
        at_once: AtOnce,
        metrics: Metrics,
        clock: Callable[[], float],
        access_log: bool = False,
    ) -> None:
        self._app = app
        self._access = access
        self._limit = limit
        self._wrong_tokens = wrong_tokens
        self._trusted = trusted_proxies
        self._query = query
        self._position = position
        self._ticket_holder = ticket_holder
        self._at_once = at_once
        self._metrics = metrics
        self._clock = clock
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD" and scope["path"] not in ENDLESS:
            scope = {**scope, "method": "GET"}  # whose head it wants (RFC 9110 §9.3.2): the server leaves out the body
        began = time.perf_counter()
        headers = dict(scope["headers"])
        if len(headers) < len(scope["headers"]):
            headers = _combined(scope["headers"])
            scope["headers"] = list(headers.items())
        given = headers.get(b"x-request-id", b"")
        request_id = given if _VISIBLE.fullmatch(given) else secrets.token_hex(16).encode()
        scope["request_id"] = request_id.decode()
        # Before anything is read: what changes after it is told after it.
        scope["stream_id"] = self._position() if scope["path"].startswith("/v1/") else None
        status = 0
        sending = compressing(send, headers)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id), _NO_SNIFFING]
            await sending(message)

        try:
            authorization = headers.get(b"authorization", b"").decode("latin-1")
            if ticket := _ticket(scope):
                name, secret = await self._ticket_holder(ticket)
                scope["actor"], scope["token_scope"] = name, "READ"
                self._limit.take(secret, self._clock())
            elif holder := self._access.check(scope["method"], scope["path"], authorization):
                scope["actor"], scope["token_scope"] = holder
                self._limit.take(tokens.secret_of(tokens.presented(authorization) or ""), self._clock())
            self._query.check(scope, headers)
            if _is_bare_get(scope, headers) and (found := self._at_once.find(scope["path"])):
                scope["template"], kept = found
                more = [(b"x-request-id", request_id), _NO_SNIFFING]
                status, told, body = await self._at_once.answer(kept, headers, scope["stream_id"], more)
                await send({"type": "http.response.start", "status": status, "headers": told})
                await send({"type": "http.response.body", "body": body})
                return
            await self._app(scope, _limited(scope["path"], headers, receive), answer)
        except Problem as problem:
            scope["template"] = self._query.template(scope["path"]) or UNMATCHED
            await refusals.response(self._limited(problem, scope, headers), scope)(scope, receive, answer)
        except ClientDisconnect:
            pass  # in the middle of its body: there is nobody to answer
        except Exception:
            log.exception("a request failed by a bug: report this traceback", extra={"request_id": scope["request_id"]})
            if status:
                raise  # half an answer is out: the server closes the connection
            bug = Unexpected("this is a bug here, and logged: try again, or report it with the request_id")
            await refusals.response(bug, scope)(scope, receive, answer)
        finally:
            self._answered(scope, status, time.perf_counter() - began)

    def _answered(self, scope: Scope, status: int, seconds: float) -> None:
        self._metrics.answered(scope, status, seconds)
        if self._access_log:  # nothing of what the client wrote but its request id: paths have ids, queries tickets
            method, route = operation(scope)
            told = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
            access_log.info("answered", extra={**told, "token": scope.get("actor"), "request_id": scope["request_id"]})

    def _limited(self, problem: Problem, scope: Scope, headers: dict[bytes, bytes]) -> Problem:
        """The problem, or 429 in the place of a 401 when the address has presented too many wrong tokens."""
        if not isinstance(problem, Unauthorized) or not (headers.get(b"authorization") or _ticket(scope)):
            return problem
        wait_s = self._wrong_tokens.wait_s(asker(scope, self._trusted))
        if not wait_s:
            return problem
        detail = f"too many wrong tokens from your address: wait {wait_s} s; a right one passes at once"
        return TooMany(detail, headers={"Retry-After": str(wait_s)})


def _combined(lines: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Several lines of one name are one list (RFC 9110 §5.2); one that is none, such as a token twice, fits nothing."""
    combined: dict[bytes, bytes] = {}
    for name, value in lines:
        combined[name] = combined[name] + b", " + value if name in combined else value
    return combined


def _is_bare_get(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    has_body = b"content-length" in headers or b"transfer-encoding" in headers
    return scope["method"] == "GET" and not scope["query_string"] and not has_body


def _ticket(scope: Scope) -> str | None:
    """The ticket that opens a stream; nothing else is opened by one."""
    if (scope["method"], scope["path"]) != ("GET", "/v1/stream") or b"ticket=" not in scope["query_string"]:
        return None
    given = parse_qsl(scope["query_string"].decode("latin-1"))
    return next((value for name, value in given if name == "ticket"), None)


def _limited(path: str, headers: dict[bytes, bytes], receive: Receive) -> Receive:
    """``receive`` that refuses a body larger than what the path may take, announced or not.

    Raises:
        TooLarge: the body says that it is larger.
    """
    limit = _MAX_BYTES.get(path, MAX_BODY_BYTES)
    too_large = f"the body may have {limit} bytes at most: send less at a time"
    if b"transfer-encoding" not in headers:
        if int(headers.get(b"content-length", b"0")) > limit:
            raise TooLarge(too_large, headers=_CLOSE)
        return receive
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, too_large, headers=_CLOSE)  # FastAPI passes on this kind alone
        return message

    return counted
