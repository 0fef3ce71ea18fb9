"""``/v1/charge-points/{id}/trigger``, ``/reset`` and ``/unlock``: the charger's own answer."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import author
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
from api.http.room import Room
from api.reference.openapi import answering

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


def room(commands: Commands) -> Room:
    """The routes."""
    routes = Room("/v1/charge-points/{charge_point_id}", "commands")

    @routes.writes.post("/trigger", responses=_ANSWERS)
    async def trigger_message(request: Request, charge_point_id: str, body: Trigger) -> Response:
        """Has it send a message now. `Accepted` means that it will; what it sends shows in its document."""
        if body.connector_id is not None and body.evse_id is None:
            raise Invalid(FieldError("evse_id", "is required with connector_id"))
        asked = commands.ask(author(request), charge_point_id, "trigger", body.message, body.evse_id, body.connector_id)
        return _answer(*await asked)

    @routes.writes.post("/reset", responses=_ANSWERS)
    async def reset_charge_point(request: Request, charge_point_id: str, body: ResetOrder) -> Response:
        """Restarts it: `immediate`ly (1.6 Hard), or `graceful`ly when what is running has ended (1.6 Soft)."""
        return _answer(*await commands.ask(author(request), charge_point_id, "reset", body.kind, body.evse_id))

    @routes.writes.post("/unlock", responses=_ANSWERS)
    async def unlock_connector(request: Request, charge_point_id: str, body: Unlock) -> Response:
        """Has it let go of a cable. The answer is the charger's: `Unlocked`, `UnlockFailed`, `NotSupported`, …"""
        asked = commands.ask(
            author(request), charge_point_id, "unlock", evse_id=body.evse_id, connector_id=body.connector_id
        )
        return _answer(*await asked)

    return routes


def _answer(charge_point_id: str, status: str) -> Response:
    body = msgspec.json.encode(answers.CommandAnswer(charge_point_id, status))
    return Response(body, media_type="application/json")
