"""What becomes of a handshake: refused, or let in under an epoch of its own."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Protocol

from websockets.http11 import Request, Response

from ingest.gateway.handshake.admission import Admission, Refusal
from ingest.gateway.handshake.claims import Claims
from ingest.gateway.handshake.opening import OpeningHandshake
from ingest.gateway.inventory.entry import Entry
from ingest.gateway.metrics import Metrics

CONFLICT_DELAY = (0.1, 0.4)  #: of the handshake timeout: two devices would evict each other as fast as they dial


class Held(Protocol):
    """The session that has a charge point now."""

    @property
    def epoch(self) -> int: ...
    @property
    def accepted_at(self) -> float: ...


class House(Protocol):
    """What is decided for."""

    def is_full(self) -> bool:
        """Whether nobody can be let in now."""

    def held(self, charge_point_key: int) -> Held | None:
        """The session that is here."""

    def let_in(self, handshake: OpeningHandshake, response: Response, entry: Entry, epoch: int) -> None:
        """Upgrades the socket, and begins its session."""


class Decisions:
    """Decides about handshakes for one gateway."""

    def __init__(
        self,
        house: House,
        admission: Admission,
        claims: Claims,
        metrics: Metrics,
        clock: Callable[[], int],
        handshake_timeout_s: float,
    ) -> None:
        self._house = house
        self._admission = admission
        self._claims = claims
        self._metrics = metrics
        self._clock = clock
        self._timeout_s = handshake_timeout_s

    async def decide(self, handshake: OpeningHandshake, request: Request) -> None:
        """Answers a handshake, and counts it."""
        try:
            status = await self._admit(handshake, request)
        except Exception as error:  # noqa: BLE001  one handshake must not end the others
            handshake.failed("handshake", error)
            status = 500
        self._metrics.handshakes.labels(str(status)).inc()

    async def _admit(self, handshake: OpeningHandshake, request: Request) -> int:
        if handshake.is_gone():
            return 499
        response = handshake.accept(request)
        if self._house.is_full():
            verdict: Entry | Refusal = Refusal(503, "try again later", (("Retry-After", "5"),))
        elif response.status_code != 101:
            self._metrics.bad_handshakes.labels(handshake.why_not).inc()
            handshake.respond(response)
            return response.status_code
        else:
            verdict = await self._admission.examine(
                request.path,
                ", ".join(request.headers.get_all("Authorization")),
                handshake.address,
                request.headers.get_all("X-Forwarded-For"),
                request.headers.get_all("Forwarded"),
                handshake.is_gone,
            )
        if handshake.is_gone():  # or it did not wait for the answer
            handshake.abort()
            return 499
        if isinstance(verdict, Refusal):
            handshake.refuse(verdict)
            return verdict.status
        return await self._let_in(handshake, response, verdict)

    async def _let_in(self, handshake: OpeningHandshake, response: Response, entry: Entry) -> int:
        password_hash = entry.password_hash
        if entry.in_conflict(time.monotonic()):
            self._metrics.identity_conflicts.inc()
            await asyncio.sleep(self._timeout_s * random.uniform(*CONFLICT_DELAY))  # noqa: S311
        floor = entry.epoch
        epoch = await self._claims.claim(entry.key, self._clock(), floor)
        if handshake.is_gone():
            handshake.abort()
            return 499
        older = self._house.held(entry.key)
        newest, overtaken = entry.epoch, floor < entry.epoch >= epoch
        if overtaken and older is not None and older.epoch == newest and older.accepted_at <= handshake.accepted_at:
            epoch, overtaken = newest + 1, False  # without Redis both claims were made of the same clock and floor
        if entry.deleted or overtaken or entry.password_hash != password_hash:
            status = 404 if entry.deleted else 503
            handshake.refuse(Refusal(status, "this charge point has just changed"))
            return status
        entry.epoch = max(entry.epoch, epoch)
        self._house.let_in(handshake, response, entry, epoch)
        return 101
