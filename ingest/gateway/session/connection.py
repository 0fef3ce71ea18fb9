"""One charger's websocket: bytes in and out, timers, and the wait for the broker's ack.

The shell around two pure cores: ``websockets``' sans-I/O protocol and our OCPP session. Frames are
taken one at a time, a few in a turn of the loop; a frame with events holds back its answer, and the
frames behind it, until its events are durable. Frames of a session that has ended are neither answered
nor published. An exception that nobody expected ends this connection and nothing else.
"""

import asyncio
import logging
import socket
import time
from random import random
from typing import TYPE_CHECKING, cast

from websockets.exceptions import (
    HeaderLineTooLong,
    InvalidUpgrade,
    NegotiationError,
    RequestLineTooLong,
    TooManyHeaders,
)
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ingest.gateway.commands.queue import Errands
from ingest.gateway.faults import Where, guarded
from ingest.gateway.handshake import compression, head
from ingest.gateway.handshake.admission import Refusal
from ingest.gateway.handshake.head import NoHandshake, Reason
from ingest.gateway.inventory.registry import Entry
from ingest.gateway.publishing.publisher import OnDone, Ticket
from ingest.ocpp import versions
from ingest.ocpp.commands import Command
from ingest.ocpp.session import Answer, Outcome, Session
from shared.words import codec
from shared.words.event import EndReason, Event, InventoryReported

from .budget import BYTES_A_TOKEN, Budget
from .framing import Framer, text_frame

if TYPE_CHECKING:
    from ingest.gateway.server import Server

CLOSE_TIMEOUT_S = 5
FRAMES_A_TURN = 16  #: before the others have theirs; most chargers send one and wait
INVENTORY_TOKENS = 25  #: it may make 255 lines of history, and ten are what fits into the bytes of a token
MISSED_PONGS = 3
CONFLICT_OVER_S = 120  #: a socket that lasts so long has won
TCP_USER_TIMEOUT_MS = 60_000
_TCP_ESTABLISHED = 1

_quiet = logging.getLogger("plugwatch.gateway.websocket")
_quiet.setLevel(logging.CRITICAL)


def _choose(_: ServerProtocol, offered: "list[Subprotocol]") -> Subprotocol:
    chosen = versions.choose(offered)
    if chosen is None:
        raise NegotiationError(f"offer one of {', '.join(versions.DIALECTS)} in Sec-WebSocket-Protocol")
    return Subprotocol(chosen)


class Connection(asyncio.Protocol):
    """A socket from accept to close."""

    __slots__ = (
        "_budget", "_errands", "_fragments", "_fragments_are_text", "_framer", "_head", "_held", "_in_conflict", "_key",
        "_partition", "_paused", "_phase_since", "_proto", "_reads_answers", "_server", "_ticket", "_transport",
        "_unanswered_pings", "_waiting", "_waiting_since", "accepted_at", "answers_pings", "closed", "entry", "epoch",
        "heard_at", "next_ping", "password_hash", "phase", "session",
    )  # fmt: skip

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._proto = ServerProtocol(
            select_subprotocol=_choose,  # type: ignore[arg-type]
            max_size=server.max_message_bytes,
            logger=_quiet,
        )
        self._framer = Framer(server.max_message_bytes)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._head: bytearray | None = bytearray()  #: of the handshake, until all of it is there
        self._held: str | None = None  #: the frame behind one that waits for the broker
        self._paused = False
        self._fragments: bytearray | None = None
        self._fragments_are_text = True
        self._reads_answers = True
        self._waiting: Outcome | None = None
        self._ticket: Ticket | None = None
        self._waiting_since = 0.0
        self._unanswered_pings = 0
        self._errands = Errands()
        self._phase_since = self.accepted_at = time.monotonic()
        self._budget = Budget(server.frames_per_second, server.flood_timeout_s, self._phase_since)
        self._in_conflict = False
        self._key = b""
        self._partition = 0
        self.answers_pings = False
        self.closed = False
        self.entry: Entry | None = None
        self.epoch = 0
        self.heard_at = self._phase_since
        self.next_ping = 0.0
        self.password_hash: str | None = None  #: what its password was checked against
        self.phase = "handshake"
        self.session: Session | None = None

    # asyncio calls these

    @guarded("socket")
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A TCP connection was accepted."""
        self._transport = cast(asyncio.Transport, transport)
        self._server.accepted(self)
        raw = transport.get_extra_info("socket")
        if raw is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_MS)

    def data_received(self, data: bytes) -> None:
        """Bytes: any of them prove that the charger lives."""
        self.heard_at = time.monotonic()
        self._unanswered_pings = 0
        try:  # as `guarded` does; here it would be felt
            if self._head is not None:
                self._take_head(self._head, data)
            elif not self._proto.eof_sent:
                self._framer.feed(data)
                if not self._paused:
                    self._read()
        except Exception as error:  # noqa: BLE001
            self.failed("frame", error)

    @guarded("socket")
    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone, whoever closed it."""
        self.closed = True
        try:
            self.end("closed")
        finally:
            self.phase = "closed"
            self._held = None
            self._framer.clear()
            self._server.lost(self)

    @guarded("socket")
    def pause_writing(self) -> None:
        """The charger does not read its answers: then we do not read its frames."""
        self._reads_answers = False
        self._pause()

    @guarded("socket")
    def resume_writing(self) -> None:
        """It reads again."""
        self._reads_answers = True
        self._server.turns.add(self)

    # frames are read here

    @guarded("frame")
    def read_on(self) -> None:
        """Reads what waits, in a later turn of the loop."""
        if self.closed or self._held is not None or not self._reads_answers:
            return  # whoever ends that asks again
        now = time.monotonic()
        self.heard_at = now  # we did not listen meanwhile, and its pongs are behind what it sent
        self._unanswered_pings = 0
        if self._budget.left >= 1 or self._budget.refilled(now):  # else the pulse asks again
            self._read()

    def _read(self) -> None:
        """Takes frames until one has to wait, or the turn or the tokens are used up; reads no more bytes then."""
        framer, budget, left = self._framer, self._budget, FRAMES_A_TURN
        while (taken := framer.take(self._fragments is None)) is not None:
            is_text, data = taken
            spent = 1 + len(data) // BYTES_A_TOKEN
            left -= spent
            budget.left -= spent
            if is_text:
                self._message(data, True)
            else:
                self._general(data)
            if self._held is not None or left <= 0 or budget.left < 1 or not self._reads_answers:
                self._pause()
                self._server.turns.add(self)
                return
        if self._paused:
            budget.exceeded_since = None
            self._resume()

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and not self.closed:
            self._paused = False
            self._transport.resume_reading()

    def _general(self, data: bytes | bytearray) -> None:
        self._proto.receive_data(data)
        for event in self._proto.events_received():
            if isinstance(event, Frame):
                self._frame(event)
        self._flush()

    def _take_head(self, so_far: bytearray, data: bytes) -> None:
        """Bytes of the handshake; frames may be in the same packet."""
        so_far += data
        try:
            end = head.end_of(so_far)
            if end is None:
                return
            request = self._request(bytes(so_far[:end]))
        except NoHandshake as error:
            self._turn_away(error)
            return
        self._head = None
        self._framer.feed(so_far[end:])
        self._pause()
        self._server.handshake(self, request)

    def _request(self, whole_head: bytes) -> Request:
        self._proto.receive_data(whole_head)
        for event in self._proto.events_received():
            if isinstance(event, Request):
                return event
        cause = self._proto.handshake_exc
        if isinstance(cause, RequestLineTooLong):
            raise NoHandshake("head_too_large", 414, f"{cause}")
        if isinstance(cause, HeaderLineTooLong | TooManyHeaders):
            raise NoHandshake("head_too_large", 431, f"{cause}")
        raise NoHandshake("bad_head", 400, f"{cause}: {cause.__cause__ if cause else None}")

    def _turn_away(self, error: NoHandshake) -> None:
        self._head = None
        self._server.turned_away(error.reason, error.status)
        self._enter("closing")
        if error.status is None:
            self._transport.close()
            return
        response = self._proto.reject(error.status, error.text + "\n")
        for name, value in error.headers:
            response.headers[name] = value
        self._proto.data_to_send()  # what it would have said
        self._proto.eof_sent = True  # what still comes is not looked at
        self._transport.write(response.serialize())
        self._transport.write_eof()

    # the server calls these

    @property
    def address(self) -> str:
        """The peer's IP address."""
        peer = self._transport.get_extra_info("peername")
        return str(peer[0]) if peer else ""

    def is_gone(self) -> bool:
        """Whether nobody waits for the handshake's answer any more.

        While it is decided about nothing is read, so a close does not show but in the kernel's TCP state.
        """
        if self.phase != "handshake" or self.closed:
            return True
        raw = self._transport.get_extra_info("socket")
        if raw is None or not hasattr(socket, "TCP_INFO"):
            return False
        try:
            return bool(raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != _TCP_ESTABLISHED)
        except OSError:
            return True

    def abort(self) -> None:
        """Cuts the socket off without a word."""
        self._transport.abort()

    def accept(self, request: Request) -> Response:
        """The upgrade response, or why the request is no websocket handshake for OCPP. Sends nothing."""
        self._proto.available_extensions = compression.offered(request, self._server.compression)
        return self._proto.accept(request)

    @property
    def why_not(self) -> Reason:
        """Why `accept` did not."""
        match self._proto.handshake_exc:
            case InvalidUpgrade():
                return "no_upgrade"
            case NegotiationError():
                return "subprotocol"
            case _:
                return "bad_upgrade"

    def refuse(self, refusal: Refusal) -> None:
        """Answers the handshake with an HTTP error and closes."""
        response = self._proto.reject(refusal.status, refusal.text + "\n")
        for name, value in refusal.headers:
            response.headers[name] = value
        self.respond(response)

    def respond(self, response: Response) -> None:
        """Sends the handshake's answer; anything but 101 closes."""
        self._proto.send_response(response)
        self._enter("open" if response.status_code == 101 else "closing")
        self._flush()
        if len(self._framer):  # sent before the answer
            self._server.turns.add(self)
        else:
            self._resume()

    def open(self, response: Response, entry: Entry, session: Session, epoch: int, partition: int) -> None:
        """The charge point is in: upgrades, and announces the session on the log."""
        self.entry, self.session, self.epoch = entry, session, epoch
        self.password_hash = entry.password_hash
        self._key, self._partition = entry.id.encode(), partition
        self.respond(response)
        self.next_ping = self._phase_since + self._server.ping_interval_s * (0.67 + 0.66 * random())  # noqa: S311
        self.announce()

    @property
    def protocol(self) -> str:
        """The negotiated sub-protocol."""
        return self._proto.subprotocol or ""

    @guarded("log")
    def announce(self) -> None:
        """Publishes that the session is here (again)."""
        if self.session is not None and self.entry is not None and self.phase == "open":
            self._in_conflict = self.entry.in_conflict(time.monotonic())
            server = self._server
            began = self.session.began(server.clock(), identity_conflict=self._in_conflict, leased=server.is_leased())
            self._publish((began,))

    def end(self, reason: EndReason) -> None:
        """The session is over: no frame of it is answered or published from here on."""
        session, self.session = self.session, None
        if session is None:
            return
        self._errands.end()
        self._server.metrics.ended.labels(reason).inc()
        if reason != "superseded":  # the newer session says so itself
            now = self._server.clock()
            last_seen_at = now - int((time.monotonic() - self.heard_at) * 1000)
            self._publish((session.ended(reason, last_seen_at, now),))

    @guarded("socket")
    def close(self, code: int, text: str, reason: EndReason) -> None:
        """Ends the session and starts the closing handshake."""
        self.end(reason)
        if self.phase == "open":
            self._proto.send_close(code, text)
            self._enter("closing")
            self._flush()
            self._held = None
            self._server.turns.add(self)  # its answer may be behind frames that waited
        elif not self.closed:
            self._transport.abort()

    def failed(self, where: Where, error: Exception) -> None:
        """A bug of ours: the socket is closed with 1011, the others go on."""
        self._server.faults.happened(where, error, "the socket is closed")
        if self.closed:
            return
        try:
            if self.phase == "handshake":
                self.end("refused")
                self._turn_away(NoHandshake("error", 500, "an error in our own code"))
            else:
                self._fail(1011, "an error in our own code")
        except Exception as second:  # noqa: BLE001
            self._server.faults.happened(where, second, "the socket is cut off")
            self._transport.abort()

    async def ask(self, command: Command) -> Answer:
        """Sends a CALL when its turn comes, and waits for the answer.

        Raises:
            Busy: too many commands wait for this charger.
            ConnectionError: the session is over, or ends meanwhile.
            TimeoutError: the charger does not answer.
        """
        if self.session is None:
            raise ConnectionError("the charger is not connected")
        answer = self._errands.add(command)
        self.run_errands()
        return await answer

    @guarded("command")
    def run_errands(self) -> None:
        """Sends the next command, if there is one and none is under way."""
        session, entry = self.session, self.entry
        if session is None or entry is None or session.registration != "ACCEPTED":
            return
        may_resync = self._waiting is None and self._server.log_is_up()
        command = self._errands.take(entry.wishes, time.monotonic(), may_resync=may_resync)
        if command is not None:
            self._send(session.command(command, self._server.clock()))

    @guarded("timer")
    def pulse(self, now: float) -> None:
        """Looks at every timer of the connection; ``now`` is monotonic (s)."""
        server = self._server
        if self.phase == "open":
            if self._budget.is_flooded(now):
                server.metrics.floods.inc()
                self._fail(1008, "more frames for longer than allowed")
                return
            if self._waiting is not None:
                if now - self._waiting_since >= server.ack_deadline_s:
                    self._give_up(self._waiting)
            elif now - self.heard_at >= server.silence_s or (
                self.answers_pings and self._unanswered_pings >= MISSED_PONGS and now >= self.next_ping
            ):
                self.close(1001, "nothing heard for too long", "silent")
                return
            if now >= self.next_ping:
                self.next_ping = now + server.ping_interval_s * (0.67 + 0.66 * random())  # noqa: S311
                self._unanswered_pings += 1
                self._proto.send_ping(b"")
                self._flush()
            self._look_after_errands(now)
            if self._in_conflict and now - self._phase_since >= CONFLICT_OVER_S:
                self.announce()
            if self._paused and self._held is None and self._reads_answers and self._budget.left < 1:
                server.turns.add(self)
        elif self.phase == "handshake":
            if now - self._phase_since >= server.handshake_timeout_s:
                if self._head is not None:
                    server.turned_away("timeout", None)
                self._transport.abort()
        elif self.phase == "closing" and now - self._phase_since >= CLOSE_TIMEOUT_S:
            self._transport.abort()

    # frames

    def _frame(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY or opcode is Opcode.CONT:
            self._data(frame)
        elif opcode is Opcode.PONG:
            self.answers_pings = True
        elif opcode is Opcode.CLOSE:
            self.end("closed")
            self._enter("closing")

    def _data(self, frame: Frame) -> None:
        if self._proto.extensions:
            self._budget.left -= len(frame.data) // BYTES_A_TOKEN  # what came out of it is work, however little came in
        if frame.opcode is not Opcode.CONT:
            if frame.fin:
                self._message(frame.data, frame.opcode is Opcode.TEXT)
            else:
                self._fragments = bytearray(frame.data)
                self._fragments_are_text = frame.opcode is Opcode.TEXT
        elif self._fragments is not None:
            self._fragments += frame.data
            if frame.fin:
                data, self._fragments = self._fragments, None
                self._message(data, self._fragments_are_text)

    def _message(self, data: "bytes | bytearray | memoryview", is_text: bool) -> None:
        if self.session is None:
            return
        if not is_text:
            self._fail(1003, "OCPP-J frames are text")
            return
        try:
            text = str(data, "utf-8")
        except UnicodeDecodeError:
            self._fail(1007, "text frames are UTF-8")
            return
        if self._waiting is None:
            self._receive(text)
        else:
            self._held = text

    def _receive(self, text: str) -> None:
        session, server = self.session, self._server
        if session is None:
            return
        if (entry := self.entry) is not None and entry.traced_until:
            server.trace(entry, "in", text)
        outcome = session.receive(text, server.clock())
        server.count(self.protocol, outcome)
        if outcome.answer is not None:
            server.answered(outcome.answer)
            self._errands.answered(outcome.answer)
            self.run_errands()
        elif outcome.action == "BootNotification":
            self._errands.booted()
        if outcome.events:
            if type(outcome.events[-1]) is InventoryReported:
                self._budget.left -= INVENTORY_TOKENS
            self._waiting = outcome
            self._waiting_since = time.monotonic()
            self._ticket = self._publish(outcome.events, self._done)
        else:
            self._answer(outcome)

    def _publish(self, events: tuple[Event, ...], on_done: OnDone | None = None) -> Ticket:
        server = self._server
        for event in events:
            server.count_event(event)
        values = [codec.encode(event) for event in events]
        return server.publisher.publish(self._partition, self._key, values, events[0].received_at, on_done)

    def _done(self, ticket: Ticket) -> None:
        outcome = self._waiting
        if ticket is not self._ticket or outcome is None:
            return
        try:  # as `guarded` does; here it would be felt
            self._waiting = self._ticket = None
            self.heard_at = max(self.heard_at, time.monotonic())
            self._unanswered_pings = 0  # its pongs may be behind frames that we did not read meanwhile
            if ticket.is_refused:
                if self.session is not None and outcome.message_id is not None:
                    self._send(self.session.internal_error(outcome.message_id, "this cannot be stored"))
            else:
                self._server.metrics.ack_latency.observe(self.heard_at - self._waiting_since)
                self._answer(outcome)
            if self._held is not None:
                self._catch_up()
        except Exception as error:  # noqa: BLE001
            self.failed("log", error)

    def _answer(self, outcome: Outcome) -> None:
        if self.session is None or self.phase != "open":
            return
        for reply in outcome.replies:
            self._send(reply)
        if outcome.close is not None:
            self.close(*outcome.close, "refused")

    def _catch_up(self) -> None:
        text, self._held = self._held, None
        if text is not None:
            self._receive(text)
            self._server.turns.add(self)

    def _give_up(self, outcome: Outcome) -> None:
        """The broker did not ack in time: InternalError, and the state is asked for again later."""
        session, ticket = self.session, self._ticket
        self._waiting = self._ticket = None
        self.heard_at = time.monotonic()
        self._unanswered_pings = 0
        self._errands.resync = True
        self._server.metrics.ack_timeouts.inc()
        if ticket is not None:
            ticket.withdraw()
        if session is not None and outcome.message_id is not None:
            self._send(session.internal_error(outcome.message_id))
        self._catch_up()

    def _look_after_errands(self, now: float) -> None:
        session = self.session
        if session is None:
            return
        overdue = self._errands.overdue(now)
        if overdue is not None:
            session.forget()
            self._server.metrics.commands.labels(type(overdue).__name__, "timeout").inc()
        if session.wants_status(self._server.clock()):
            self._errands.resync = True
        self.run_errands()

    # bytes

    def _send(self, text: bytes) -> None:
        if self.phase != "open":
            return
        if (entry := self.entry) is not None and entry.traced_until:
            self._server.trace(entry, "out", text)
        if self._proto.extensions and len(text) >= compression.WORTH_IT:
            self._proto.send_text(text)
            self._flush()
        else:
            self._transport.write(text_frame(text))

    def _fail(self, code: int, text: str) -> None:
        self.end("refused")
        self._proto.fail(code, text)
        self._enter("closing")
        self._flush()

    def _enter(self, phase: str) -> None:
        self.phase = phase
        self._phase_since = time.monotonic()

    def _flush(self) -> None:
        for data in self._proto.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof() and not self.closed:
                self.end("refused")
                self._framer.clear()  # nothing more is looked at
                self._held = None
                self._resume()
                if self.phase != "closing":
                    self._enter("closing")
                self._transport.write_eof()
