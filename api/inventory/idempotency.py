"""``Idempotency-Key``: a POST that is sent again gets the answer of the first one, and nothing is done twice.

A row claims the key before anything is done. What is one transaction writes its answer in it, so there is both or
neither. What is none (commands, imports) writes its answer afterwards. Refusals did nothing, and are not kept; that a
charger did not answer is kept, since it may have done it.
Neither token nor key nor password is in a row: both digests are keyed by the token, which is not in Postgres.
"""

import contextlib
import hmac
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

import msgspec
from fastapi import Header
from starlette.requests import Request
from starlette.responses import Response

from api.database import Database
from api.http import refusals
from api.http.access import Author, author, secret
from api.http.inputs import PRINTABLE
from api.http.problems import InProgress, KeyReused, Problem, Unavailable
from shared.stores.hot import Change
from shared.stores.postgres import Connection

MOST = 100_000  #: answers kept; above, the oldest go before their day is over
SWEEP_S = 60  #: between two looks at all of them, each of which costs what 100 writes cost
WRITE_S = 60  #: then an unfinished write is nobody's; should it go on all the same, its transaction fails
IMPORT_S = 600  #: an import that runs twice finds everything unchanged
COMMAND_S = 86_400  #: a command whose API process died may have been sent: never again under its key

_SWEEP = """
    DELETE FROM idempotency WHERE begun_at < greatest(
        now() - interval '24 hours', (SELECT begun_at FROM idempotency ORDER BY begun_at DESC OFFSET $1 LIMIT 1))
"""
_CLAIM = """
    INSERT INTO idempotency AS i (key, request, claim) VALUES ($1, $2, $3)
    ON CONFLICT (key) DO UPDATE SET claim = excluded.claim, begun_at = now()
    WHERE i.status IS NULL AND i.request = excluded.request AND i.begun_at < now() - make_interval(secs => $4)
    RETURNING 1
"""
_FOUND = "SELECT request, status, headers, body FROM idempotency WHERE key = $1"
_KEEP = """
    UPDATE idempotency SET status = $3, headers = $4, body = $5
    WHERE key = $1 AND claim = $2 AND status IS NULL
"""
_RELEASE = "DELETE FROM idempotency WHERE key = $1 AND claim = $2 AND status IS NULL"
_KEPT = frozenset({"content-type", "location", "etag"})

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=PRINTABLE,
        description="a name of your own for this very request, such as a UUID: sent again within 24 h it gets the same "
        "answer, with `Idempotency-Replayed`, and nothing is done twice. Answers of 4xx and 5xx are not kept, but for "
        "`charger-silent` and `answer-lost`, after which it may have been done; a generated password is in the first "
        "answer alone",
    ),
]


class Idempotency:
    """Answers once, and again. Every method may raise ``InProgress``, ``KeyReused`` and ``Unavailable``."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        """``clock`` is monotonic (s)."""
        self._database = database
        self._clock = clock
        self._sweep_at = 0.0

    async def written(
        self,
        request: Request,
        key: str | None,
        write: Callable[[Author], Awaitable[Change]],
        answer: Callable[[Change], Response],
        password: Callable[[Change], Response] | None = None,
    ) -> Response:
        """The answer about what one transaction wrote; ``password`` makes the first one, which is not kept."""
        first = password or answer
        if key is None:
            return first(await write(author(request)))
        claimed = await self._claimed(request, key, WRITE_S)
        if isinstance(claimed, Response):
            return claimed

        async def keep(connection: Connection, change: Change) -> None:
            if not await claimed.keep(connection, answer(change)):
                raise _in_progress()  # it took us too long, and another request has the key

        async with self._released(claimed, Exception):
            asks = author(request)
            return first(await write(Author(asks.actor, asks.request_id, keep)))

    async def done(
        self, request: Request, key: str | None, do: Callable[[Author], Awaitable[Response]], lease_s: int
    ) -> Response:
        """The answer about what is no single transaction; unanswered for ``lease_s`` it is done again."""
        if key is None:
            return await do(author(request))
        claimed = await self._claimed(request, key, lease_s)
        if isinstance(claimed, Response):
            return claimed
        try:
            async with self._released(claimed, Problem):  # after a bug it may have been done
                answer = await do(author(request))
        except Problem as problem:
            if problem.may_be_done:
                await self._keep(claimed, refusals.response(problem, request.scope))
            raise
        await self._keep(claimed, answer)
        return answer

    async def _keep(self, claim: "_Claim", answer: Response) -> None:
        with contextlib.suppress(Unavailable):  # who asks again is told that it is in progress
            async with self._database.connection() as connection:
                await claim.keep(connection, answer)

    async def _claimed(self, request: Request, key: str, lease_s: int) -> "_Claim | Response":
        token = secret(request).encode()
        what = [request.method, request.url.path, request.url.query, request.headers.get("content-type", "")]
        asked = hmac.digest(token, msgspec.json.encode(what) + await request.body(), "sha256")
        claim = _Claim(hmac.digest(token, b"key " + key.encode(), "sha256"), secrets.token_bytes(16))
        async with self._database.connection() as connection:
            if self._clock() >= self._sweep_at:
                self._sweep_at = self._clock() + SWEEP_S
                await connection.execute(_SWEEP, MOST)
            if await connection.fetchval(_CLAIM, claim.key, asked, claim.claim, lease_s):
                return claim
            found = await connection.fetchrow(_FOUND, claim.key)
        if found is not None and found["request"] != asked:
            raise KeyReused("this Idempotency-Key was of another request: send a new key with a new request")
        if found is None or found["status"] is None:
            raise _in_progress()
        headers = msgspec.json.decode(found["headers"], type=dict[str, str])
        return Response(found["body"], found["status"], headers | {"Idempotency-Replayed": "true"})

    @contextlib.asynccontextmanager
    async def _released(self, claim: "_Claim", refusal: type[Exception]) -> AsyncIterator[None]:
        try:
            yield
        except refusal as error:
            if not (isinstance(error, Problem) and error.may_be_done):
                with contextlib.suppress(Unavailable):
                    async with self._database.connection() as connection:
                        await connection.execute(_RELEASE, claim.key, claim.claim)
            raise


class _Claim(msgspec.Struct, frozen=True):
    key: bytes
    claim: bytes

    async def keep(self, connection: Connection, answer: Response) -> bool:
        """Whether the answer is kept: the claim is ours still."""
        headers = {name: value for name, value in answer.headers.items() if name in _KEPT}
        told = (answer.status_code, msgspec.json.encode(headers), bytes(answer.body))
        return await connection.execute(_KEEP, self.key, self.claim, *told) == "UPDATE 1"


def _in_progress() -> InProgress:
    return InProgress(
        "the first request with this Idempotency-Key has no answer yet: send it again in a moment. Should that stay "
        "so, look whether it was done before you send it with another key",
        headers={"Retry-After": "1"},
    )
