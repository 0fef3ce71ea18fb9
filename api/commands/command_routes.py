"""``/v1/charge-points/{id}/trigger``, ``/reset`` and ``/unlock``: the charger's own answer."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.http.access import author
from api.http.openapi import may_answer
from api.http.problems import FieldError, Invalid
from api.http.room import Room

from . import answers
from .commands import Commands
from .inputs import ResetOrder, Trigger, Unlock

_MAY_ANSWER = may_answer(
    404,
    409,
    413,
    422,
    502,
    503,
    504,
    when={
        409: "It is not connected, or its registration is not ACCEPTED",
        503: "A dependency is away, or too many commands wait for this charger; Retry-After says when to try again",
    },
)


def room(commands: Commands) -> Room:
    """The routes."""
    routes = Room("/v1/charge-points/{charge_point_id}", "commands")

    @routes.writes.post("/trigger", response_model=answers.CommandAnswer, responses=_MAY_ANSWER)
    async def trigger(request: Request, charge_point_id: str, body: Trigger) -> Response:
        """Has it send a message now. `Accepted` means that it will; what it sends shows in its document."""
        if body.connector_id is not None and body.evse_id is None:
            raise Invalid(FieldError("evse_id", "is required with connector_id"))
        asked = commands.ask(author(request), charge_point_id, "trigger", body.message, body.evse_id, body.connector_id)
        return _answer(*await asked)

    @routes.writes.post("/reset", response_model=answers.CommandAnswer, responses=_MAY_ANSWER)
    async def reset(request: Request, charge_point_id: str, body: ResetOrder) -> Response:
        """Restarts it: `immediate`ly (1.6 Hard), or `graceful`ly when what is running has ended (1.6 Soft)."""
        return _answer(*await commands.ask(author(request), charge_point_id, "reset", body.kind))

    @routes.writes.post("/unlock", response_model=answers.CommandAnswer, responses=_MAY_ANSWER)
    async def unlock(request: Request, charge_point_id: str, body: Unlock) -> Response:
        """Has it let go of a cable. The answer is the charger's: `Unlocked`, `UnlockFailed`, `NotSupported`, …"""
        asked = commands.ask(
            author(request), charge_point_id, "unlock", evse_id=body.evse_id, connector_id=body.connector_id
        )
        return _answer(*await asked)

    return routes


def _answer(charge_point_id: str, status: str) -> Response:
    body = msgspec.json.encode({"charge_point_id": charge_point_id, "status": status})
    return Response(body, media_type="application/json")
