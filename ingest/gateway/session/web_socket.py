"""An open websocket: bytes in and out, frames in turns, back-pressure, the closing handshake. It knows no OCPP.

Frames are taken one at a time, a few in a turn of the loop; who does not read our answers is not read either.
An exception that nobody expected ends this socket and nothing else.
"""

import asyncio
import time
from enum import Enum
from math import inf

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from ingest.gateway.faults import Where, guarded
from ingest.gateway.session.budget import BYTES_A_TOKEN, Budget
from ingest.gateway.session.framing import Framer, text_frame
from ingest.gateway.session.host import Host
from ingest.gateway.session.liveness import Liveness
from shared.words.event import EndReason

CLOSE_TIMEOUT_S = 5
FRAMES_A_TURN = 16  #: before the others have theirs; most chargers send one and wait
HELD = 2_048  #: characters of texts that cannot be taken yet, each counted `HELD_EACH` longer; then no more are read
HELD_EACH = 64
COMPRESSED_FROM = (
    512  #: bytes; a shorter text saves nothing that pays for a compressor, and may go as it is (RFC 7692 §6)
)


class Phase(Enum):
    """Where an upgraded socket stands."""

    OPEN = "open"
    CLOSING = "closing"  #: the session is over: nothing is answered or published any more
    CLOSED = "closed"


class WebSocket(asyncio.Protocol):
    """From the upgrade to the close. Subclasses take the texts and say what an end means."""

    __slots__ = (
        "_budget", "_fragments", "_fragments_are_text", "_framer", "_held", "_host", "_paused", "_phase_since",
        "_proto", "_reads_answers", "_transport", "due_at", "liveness", "phase",
    )  # fmt: skip

    def __init__(self, host: Host, transport: asyncio.Transport, proto: ServerProtocol) -> None:
        now = time.monotonic()
        limits = host.limits
        self._host = host
        self._transport = transport
        self._proto = proto
        self._framer = Framer(limits.max_message_bytes)
        self._budget = Budget(limits.frames_per_second, limits.flood_timeout_s, now)
        self._held: tuple[str, ...] = ()  #: texts that cannot be taken yet
        self._paused = True  #: as the handshake left it
        self._reads_answers = True
        self._fragments: bytearray | None = None
        self._fragments_are_text = True
        self._phase_since = now
        self.liveness = Liveness(limits.silence_s, limits.ping_interval_s, now)
        self.phase = Phase.OPEN
        self.due_at = 0.0  #: the pulse passes it over until then (monotonic, s); whatever starts a timer sets it to 0

    def _text(self, text: str) -> None:
        """A whole message; it goes to `_held` if it cannot be taken yet."""
        raise NotImplementedError

    def _ended(self, reason: EndReason) -> None:
        """The session is over; called once."""
        raise NotImplementedError

    # asyncio calls these

    def data_received(self, data: bytes) -> None:
        """Bytes: any of them prove that the charger lives."""
        self.due_at = 0.0
        self.liveness.heard(time.monotonic())
        try:  # as `guarded` does; here it would be felt
            if not self._proto.eof_sent:
                self._framer.feed(data)
                if not self._paused:
                    self._read()
        except Exception as error:  # noqa: BLE001
            self.failed("frame", error)

    @guarded("socket")
    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone, whoever closed it."""
        was_open = self.phase is Phase.OPEN
        self._enter(Phase.CLOSED)
        self._held = ()
        self._framer.clear()
        if was_open:
            self._ended("closed")

    @guarded("socket")
    def pause_writing(self) -> None:
        """The charger does not read its answers: then we do not read its frames."""
        self._reads_answers = False
        self._pause()

    @guarded("socket")
    def resume_writing(self) -> None:
        """It reads again."""
        self._reads_answers = True
        self._host.read_queue.add(self)

    # frames are read here

    def start(self, sent_before: bytes | bytearray) -> None:
        """Begins to read: what came before the upgrade was answered, then the socket."""
        if sent_before:
            self._framer.feed(sent_before)
            self._host.read_queue.add(self)
        else:
            self._resume()

    @guarded("frame")
    def read_on(self) -> None:
        """Reads what waits, in a later turn of the loop."""
        if self.phase is Phase.CLOSED or self._holds_enough() or not self._reads_answers:
            return  # whoever ends that asks again
        now = time.monotonic()
        self.liveness.heard(now)  # we did not listen meanwhile
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
            if left <= 0 or budget.left < 1 or not self._reads_answers or self._holds_enough():
                self._pause()
                self._host.read_queue.add(self)
                return
        if self._paused:
            budget.exceeded_since = None
            self._resume()

    def _holds_enough(self) -> bool:
        held = self._held
        return bool(held) and sum(map(len, held)) + len(held) * HELD_EACH >= HELD

    def _pause(self) -> None:
        if not self._paused:
            self._paused, self.due_at = True, 0.0
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and self.phase is not Phase.CLOSED:
            self._paused = False
            self._transport.resume_reading()

    def _general(self, data: bytes | bytearray) -> None:
        self._proto.receive_data(data)
        for event in self._proto.events_received():
            if isinstance(event, Frame):
                self._frame(event)
        self._flush()

    def _frame(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY or opcode is Opcode.CONT:
            self._data(frame)
        elif opcode is Opcode.PONG:
            self.liveness.answers_pings = True
        elif opcode is Opcode.CLOSE:
            self._end("closed")

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

    def _message(self, data: bytes | bytearray | memoryview, is_text: bool) -> None:
        if self.phase is not Phase.OPEN:
            return
        if not is_text:
            self._fail(1003, "OCPP-J frames are text")
            return
        try:
            text = str(data, "utf-8")
        except UnicodeDecodeError:
            self._fail(1007, "text frames are UTF-8")
            return
        self._text(text)

    # timers

    def _is_to_end(self, now: float) -> bool:
        """Whether the time for something is over; it is ended then."""
        if self.phase is Phase.CLOSING:
            if now - self._phase_since >= CLOSE_TIMEOUT_S:
                self._transport.abort()
            return True
        if self._budget.is_flooded(now):
            self._host.metrics.floods.inc()
            self._fail(1008, "more frames for longer than allowed")
        return self.phase is not Phase.OPEN

    def _keep_up(self, now: float) -> None:
        """Pings, and reads on when there are tokens again."""
        if self.liveness.wants_ping(now):
            self._proto.send_ping(b"")
            self._flush()
        if self._paused and self._reads_answers and self._budget.left < 1 and not self._holds_enough():
            self._host.read_queue.add(self)

    # bytes out, and the end

    def _send(self, text: bytes) -> None:
        if self.phase is not Phase.OPEN:
            return
        if self._proto.extensions and len(text) >= COMPRESSED_FROM:
            self._proto.send_text(text)
            self._flush()
        else:
            self._transport.write(text_frame(text))

    @guarded("socket")
    def close(self, code: int, text: str, reason: EndReason) -> None:
        """Ends the session and starts the closing handshake."""
        if self.phase is Phase.OPEN:
            self._end(reason)
            self._proto.send_close(code, text)
            self._flush()
            self._held = ()
            self._host.read_queue.add(self)  # its answer may be behind frames that waited
        elif self.phase is Phase.CLOSING:
            self._transport.abort()

    def failed(self, where: Where, error: Exception) -> None:
        """A bug of ours: the socket is closed with 1011, the others go on."""
        self._host.faults.happened(where, error, "the socket is closed")
        if self.phase is Phase.CLOSED:
            return
        try:
            self._fail(1011, "an error in our own code")
        except Exception as second:  # noqa: BLE001
            self._host.faults.happened(where, second, "the socket is cut off")
            self._transport.abort()

    def _fail(self, code: int, text: str) -> None:
        self._end("refused")
        self._proto.fail(code, text)
        self._flush()

    def _end(self, reason: EndReason) -> None:
        if self.phase is Phase.OPEN:
            self._enter(Phase.CLOSING)
            self._ended(reason)

    def _enter(self, phase: Phase) -> None:
        self.phase, self.due_at = phase, inf if phase is Phase.CLOSED else 0.0
        self._phase_since = time.monotonic()

    def _flush(self) -> None:
        for data in self._proto.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof() and self.phase is not Phase.CLOSED:
                self._end("refused")
                self._framer.clear()  # nothing more is looked at
                self._held = ()
                self._resume()
                self._transport.write_eof()
