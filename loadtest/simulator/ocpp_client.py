"""One websocket of a charger in asyncio: CALLs out, their answers by message id, CALLs in.

Everything, in both directions, is held against the official schemas by the `ocpp` package.
"""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from ocpp import messages
from ocpp.exceptions import NotImplementedError, OCPPError
from websockets.asyncio.client import ClientConnection

from loadtest.chargers.station import Call

messages.ASYNC_VALIDATION = False  # a thread hop a message costs more than the check

ANSWER_WITHIN_S = 30.0  #: a server that takes longer is hung up on


class OcppClient:
    """A connection that is open. `served` gives the payload that answers a CALL of the server, or None."""

    def __init__(
        self,
        socket: ClientConnection,
        dialect: str,
        served: Callable[[Call], dict[str, Any] | None],
        answered: Callable[[], None],
    ) -> None:
        """`answered` is called when the answer to a CALL of the server has been sent."""
        self._socket = socket
        self._version = dialect.removeprefix("ocpp")
        self._served = served
        self._answered = answered
        self._answers: asyncio.Queue[messages.CallResult | messages.CallError] = asyncio.Queue()

    async def ask(self, call: Call) -> dict[str, Any]:
        """The payload of the CALLRESULT; one CALL at a time.

        Raises:
            OCPPError: a CALLERROR, or something that is not by the schema.
            TimeoutError: no answer within 30 s.
        """
        asked = messages.Call(str(uuid4()), call.action, call.payload)
        await messages.validate_payload(asked, self._version)
        await self._socket.send(asked.to_json())
        async with asyncio.timeout(ANSWER_WITHIN_S):
            while (answer := await self._answers.get()).unique_id != asked.unique_id:
                pass  # late, for a CALL that nobody waits for
        if isinstance(answer, messages.CallError):
            raise answer.to_exception()
        answer.action = call.action
        await messages.validate_payload(answer, self._version)
        payload: dict[str, Any] = answer.payload
        return payload

    async def serve(self) -> None:
        """Read, and answer the server, until the connection is lost."""
        while True:
            try:
                message = messages.unpack(await self._socket.recv())
            except OCPPError:
                continue  # if it was to be an answer, there is none
            if isinstance(message, messages.Call):
                await self._serve(message)
            else:
                self._answers.put_nowait(message)

    async def _serve(self, asked: messages.Call) -> None:
        answer: messages.CallResult | messages.CallError
        try:
            await messages.validate_payload(asked, self._version)
            payload = self._served(Call(asked.action, asked.payload))
            if payload is None:
                raise NotImplementedError
            answer = asked.create_call_result(payload)
            await messages.validate_payload(answer, self._version)
        except OCPPError as error:
            answer = asked.create_call_error(error)
        await self._socket.send(answer.to_json())
        self._answered()
