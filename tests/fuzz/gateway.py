"""A gateway's connection as it is, without a socket: its server has one charge point, CP1, and a log that takes all."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import cache
from ipaddress import ip_network
from typing import Any, cast

from prometheus_client import CollectorRegistry

from ingest.gateway.handshake.admission import Admission, Refusal
from ingest.gateway.handshake.claims import Claims
from ingest.gateway.handshake.identity import basic, identity
from ingest.gateway.handshake.opening import OpeningHandshake
from ingest.gateway.inventory.entry import Entry
from ingest.gateway.inventory.places import PlaceLookups
from ingest.gateway.limits import Limits
from ingest.gateway.metrics import Metrics
from ingest.gateway.publishing.batches import OnDone, Ticket
from ingest.gateway.publishing.publisher import Publisher
from ingest.gateway.server import Server
from ingest.ocpp.session import Policy
from shared.http.origin import origin
from tests.fuzz.wire import Transport, slices

NOW = 1_800_000_000_000
MAX_MESSAGE_BYTES = 600  #: so that inputs reach it

_ROW = {"key": 7, "id": "CP1", "epoch": NOW, "registration": "ACCEPTED", "password_hash": None, "deleted": False}
_PROXIES = (ip_network("192.0.2.0/24"),)
_FAULTS = logging.getLogger("plugwatch.gateway.faults")


@cache
def _metrics() -> Metrics:
    return Metrics(CollectorRegistry())


class _Admission:
    async def examine(
        self, path: str, authorization: str, peer: str, forwarded: Sequence[str], standard: Sequence[str], _: object
    ) -> Any:
        origin(peer, forwarded, _PROXIES, standard)
        basic(authorization)
        if identity(path) != "CP1":
            return Refusal(404, "this charge point is not in the inventory")
        return Entry({**_ROW, "intents": None, "agreed": None, "trace_s": 1e6})


class _Claims:
    async def claim(self, _key: int, now: int, known: int) -> int:
        return max(now, known + 1)


class _Log:
    """Acks each frame in a later turn of the loop."""

    pending = 0
    is_up = True

    def partition_of(self, _key: bytes) -> int:
        return 0

    def publish(self, _: int, key: bytes, values: Sequence[bytes], at: int, on_done: OnDone | None) -> Ticket:
        ticket = Ticket(key, values, at, on_done)
        self.pending += 1
        asyncio.get_running_loop().call_soon(self._ack, ticket)
        return ticket

    def _ack(self, ticket: Ticket) -> None:
        self.pending -= 1
        if ticket.on_done is not None:
            ticket.on_done(ticket)


class _Raised(logging.Handler):
    """What the gateway took for an error of its own."""

    error: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self.error = self.error or (record.exc_info[1] if record.exc_info else None) or RuntimeError(record.args)


class Spoken:
    """What was said on one connection: texts that the session was given or that it said, and all that we wrote."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []  #: "in" or "out", and the text; in order
        self.wire = Transport()

    @property
    def heard(self) -> list[str]:
        """The texts that the session was given."""
        return [text for direction, text in self.texts if direction == "in"]


async def spoken(data: bytes, size: int) -> Spoken:
    """What comes of bytes in slices of ``size``, from the connect on.

    Raises:
        Exception: the gateway's own code raised it.
    """
    said, raised = Spoken(), _Raised()
    log = _Log()
    server = Server(
        gateway_id="gw-1",
        admission=cast(Admission, _Admission()),
        claims=cast(Claims, _Claims()),
        publisher=cast(Publisher, log),
        places=cast(PlaceLookups, None),  # no session lives so long
        metrics=_metrics(),
        policy=Policy(),
        clock=lambda: NOW,
        limits=Limits(
            silence_s=900,
            ping_interval_s=45,
            ack_deadline_s=20,
            handshake_timeout_s=10,
            max_message_bytes=MAX_MESSAGE_BYTES,
            max_pending=1000,
            max_half_open=1000,
            frames_per_second=1e9,
            flood_timeout_s=60,
        ),
        compression="2.x",
    )
    server.trace = lambda _, direction, text: said.texts.append((direction, _text(text)))
    said.wire.set_protocol(OpeningHandshake(server))
    _FAULTS.addHandler(raised)
    try:
        async with asyncio.TaskGroup() as handshakes:
            server._deciding = handshakes
            said.wire.owner.connection_made(said.wire)
            for piece in slices(data, size):
                await _until(lambda: said.wire.reading or said.wire.is_closing())
                if said.wire.is_closing():
                    break
                said.wire.owner.data_received(piece)
            await _until(lambda: (said.wire.reading or said.wire.is_closing()) and not log.pending)
            said.wire.owner.connection_lost(None)
            await _until(lambda: not log.pending)
    finally:
        _FAULTS.removeHandler(raised)
    if raised.error is not None:
        raise raised.error
    return said


def _text(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode()


async def _until(done: Callable[[], bool]) -> None:
    for _ in range(2000):
        if done():
            return
        await asyncio.sleep(0)
    raise TimeoutError("the gateway is busy with it for ever")
