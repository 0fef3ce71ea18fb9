"""``/v1/charge-points/{id}/trigger``, ``/reset`` and ``/unlock``: the charger's own answer."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import Author
from api.http.problems import (
    ChargerBusy,
    FieldError,
    Invalid,
    NotAccepted,
    NotConnected,
    NotFound,
    Refused,
    Silent,
    Unsupported,
)
from api.inventory.idempotency import COMMAND_S, Idempotency, IdempotencyKey
from api.reference.openapi import answering
from api.room import Room
from shared.words.gateways import Asked

from . import answers
from .commands import Commands
from .gateway_calls import Lost
from .inputs import ResetOrder, Trigger, Unlock

_ANSWERS = answering(
    answers.CommandAnswer,
    NotFound,
    NotConnected,
    NotAccepted,
    Unsupported,
    Refused,
    ChargerBusy,
    Lost,
    Silent,
    example=answers.COMMAND,
)


def room(commands: Commands, once: Idempotency) -> Room:
    """The routes."""
    routes = Room("/v1/charge-points/{charge_point_id}", "commands")

    async def asked(
        request: Request, key: str | None, charge_point_id: str, what: Asked, body: Trigger | ResetOrder | Unlock
    ) -> Response:
        argument = body.message if isinstance(body, Trigger) else body.kind if isinstance(body, ResetOrder) else ""
        connector_id = None if isinstance(body, ResetOrder) else body.connector_id

        async def ask(author: Author) -> Response:
            answered = await commands.ask(author, charge_point_id, what, argument, body.evse_id, connector_id)
            return Response(msgspec.json.encode(answers.CommandAnswer(*answered)), media_type="application/json")

        return await once.done(request, key, ask, COMMAND_S)

    @routes.writes.post("/trigger", responses=_ANSWERS)
    async def trigger_message(
        request: Request, charge_point_id: str, body: Trigger, idempotency_key: IdempotencyKey = None
    ) -> Response:
        """Has it send a message now. `Accepted` means that it will; what it sends shows in its document."""
        if body.connector_id is not None and body.evse_id is None:
            raise Invalid(FieldError("evse_id", "is required with connector_id"))
        return await asked(request, idempotency_key, charge_point_id, "trigger", body)

    @routes.writes.post("/reset", responses=_ANSWERS)
    async def reset_charge_point(
        request: Request, charge_point_id: str, body: ResetOrder, idempotency_key: IdempotencyKey = None
    ) -> Response:
        """Restarts it: `immediate`ly (1.6 Hard), or `graceful`ly when what is running has ended (1.6 Soft)."""
        return await asked(request, idempotency_key, charge_point_id, "reset", body)

    @routes.writes.post("/unlock", responses=_ANSWERS)
    async def unlock_connector(
        request: Request, charge_point_id: str, body: Unlock, idempotency_key: IdempotencyKey = None
    ) -> Response:
        """Has it let go of a cable. The answer is the charger's: `Unlocked`, `UnlockFailed`, `NotSupported`, …"""
        return await asked(request, idempotency_key, charge_point_id, "unlock", body)

    return routes
