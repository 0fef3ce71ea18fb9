"""One websocket of a charger, blocking and so made for greenlets: CALLs out, their answers by message id, CALLs in.

An answer counts only for the CALL whose message id it bears. Whatever else comes is a `CallFailed` that says what.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any
from urllib.parse import quote

import websocket

from loadtest.chargers.station import Call

CLOSES_WITHIN_S = 2
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class CallFailed(Exception):
    """The words are few and the same each time, so that failures can be counted by them."""


class Refused(CallFailed):
    """A CALLERROR; the connection goes on."""


class Broken(CallFailed):
    """The connection is of no more use: lost, silent, or the server said what no server may say."""


class OcppClient:
    """A connection that is open. `served` gives the payload that answers a CALL of the server, or None."""

    def __init__(
        self, url: str, identity: str, dialect: str, served: Callable[[Call], dict[str, Any] | None], within_s: float
    ) -> None:
        """Connect to `url`/`identity`.

        Raises:
            Broken: no websocket in that dialect came of it within `within_s`.
        """
        self._identity = identity
        self._served = served
        self._calls = 0
        try:
            self._socket = websocket.create_connection(
                f"{url.rstrip('/')}/{quote(identity, safe='')}",
                timeout=within_s,
                subprotocols=[dialect],
                suppress_origin=True,
                enable_multithread=False,
                skip_utf8_validation=True,
            )
        except websocket.WebSocketBadStatusException as error:
            raise Broken(f"handshake answered by HTTP {error.status_code}") from error
        except websocket.WebSocketTimeoutException as error:
            raise Broken(f"no handshake within {within_s:g} s") from error
        except websocket.WebSocketException as error:  # also when the dialect is not agreed to
            raise Broken(f"no handshake in {dialect}: {error}") from error
        except OSError as error:
            raise Broken(f"no handshake: {_kind(error)}") from error

    def ask(self, call: Call) -> str:
        """Send a CALL; returns its message id, which no other CALL of the whole load test has.

        Raises:
            Broken
        """
        self._calls += 1
        message_id = f"{self._identity}.{self._calls}"
        self._send([2, message_id, call.action, call.payload])
        return message_id

    def answer(self, message_id: str, within_s: float) -> dict[str, Any]:
        """The payload of the CALLRESULT to a CALL; CALLs of the server that come meanwhile are answered.

        One that was interrupted may be called again.

        Raises:
            Refused, Broken
        """
        deadline = perf_counter() + within_s
        while (message := self._receive(deadline)) is not None:
            match message:
                case [3, str(answered), dict(payload)] if answered == message_id:
                    return payload
                case [4, str(answered), str(code), *_] if answered == message_id:
                    raise Refused(f"CALLERROR {code}")
                case [3 | 4, *_]:
                    raise Broken("not the answer to this CALL")
                case _:
                    self._serve(message)
        raise Broken(f"no answer within {within_s:g} s")

    def listen(self, until: float) -> None:
        """Serve the server until `until` (s, perf_counter), or until one CALL is answered.

        Raises:
            Broken
        """
        message = self._receive(until)
        if message is not None:
            self._serve(message)

    def abort(self) -> None:
        """Cut the line, as a power cut would; whoever waits on it finds out."""
        self._socket.abort()

    def close(self) -> None:
        """Say goodbye and wait a moment for the server's."""
        self._socket.close(timeout=CLOSES_WITHIN_S)
        self._socket.shutdown()  # which close() leaves undone when the server has said goodbye first

    def _serve(self, message: Any) -> None:
        match message:
            case [2, str(identity), str(action), dict(payload)]:
                answer = self._served(Call(action, payload))
                if answer is None:
                    self._send([4, identity, "NotImplemented", "", {}])
                else:
                    self._send([3, identity, answer])
            case [3 | 4, *_]:
                raise Broken("an answer that nobody waits for")
            case _:
                raise Broken("not an OCPP message")

    def _send(self, message: list[Any]) -> None:
        try:
            self._socket.send(_encode(message))
        except (websocket.WebSocketException, OSError) as error:
            raise Broken(f"connection lost: {_kind(error)}") from error

    def _receive(self, deadline: float) -> Any:
        """The next message, or None when there is none by then."""
        left_s = deadline - perf_counter()
        if left_s <= 0:
            return None
        try:
            self._socket.settimeout(left_s)
            opcode, frame = self._socket.recv_data_frame()
        except websocket.WebSocketTimeoutException:
            return None
        except (websocket.WebSocketException, OSError) as error:
            raise Broken(f"connection lost: {_kind(error)}") from error
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise Broken(f"closed by the server with {int.from_bytes(frame.data[:2], 'big') or 1005}")
        with suppress(ValueError):
            return json.loads(frame.data)
        raise Broken("not an OCPP message")


def _kind(error: Exception) -> str:
    """Without what differs from time to time, such as an address."""
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
