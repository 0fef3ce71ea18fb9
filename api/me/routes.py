"""``/v1/me``: what a token is good for, before anything is tried with it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from api.reference.openapi import answering
from api.room import Room

Mode = Literal["all", "read"]


class Me(Struct, frozen=True):
    """The token of the request."""

    name: Annotated[str, Meta(description="as the audit has it; `read` or `admin` for a token without a name")]
    scope: Annotated[Literal["READ", "ADMIN"], Meta(description="READ tokens read; ADMIN tokens do everything")]
    mode: Annotated[Mode, Meta(description="`read`: this server has no route that writes, whatever the scope")]


def room(mode: Mode) -> Room:
    """The routes."""
    routes = Room("/v1/me", "me")

    @routes.reads.get("", responses=answering(Me, example=Me("field-team", "ADMIN", "all")))
    async def read_me(request: Request) -> Response:
        """Which token this is, and what may be done with it here."""
        me = Me(request.scope["actor"], request.scope["token_scope"], mode)
        return Response(msgspec.json.encode(me), headers={"Cache-Control": "no-store"}, media_type="application/json")

    return routes
