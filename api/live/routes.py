"""``/v1/stream``."""

from typing import Annotated

import msgspec
from fastapi import Header, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.http import responses
from api.http.access import secret
from api.http.problems import NotFound
from api.reference.openapi import answering
from api.room import Room

from .answers import EVENT, EVENTS, TICKET
from .inputs import StreamFilters
from .named import Named
from .stream import Stream
from .tickets import Ticket, Tickets

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Events(StreamingResponse):
    """Server-Sent Events that are bytes already, shared by all who get them.

    FastAPI's own EventSourceResponse encodes each event anew for each client, from a text.
    """

    media_type = "text/event-stream"


def room(stream: Stream, named: Named, tickets: Tickets) -> Room:
    """The routes."""
    routes = Room("/v1/stream", "stream")

    @routes.reads.get(
        "",
        response_class=Events,
        responses=answering(EVENTS, NotFound, example=EVENT, media_type="text/event-stream"),
    )
    async def follow_stream(
        request: Request,
        filters: Annotated[StreamFilters, Query()],
        last_event_id: Annotated[
            str | None, Header(max_length=100, description="the `id` of the last event: those after it come first")
        ] = None,
    ) -> Events:
        """Changes as Server-Sent Events, from now on or after `Last-Event-ID`, with a comment every 15 s of silence.

        `event` is `charge_point`, `station`, `deleted` or `left`; `data` is
        `{"station_id", "charge_point_id", "revision", "document"}`, the document null when deleted. `left` is for who
        follows by `station_id`: the charge point is at another station now, or at none, unless you know it with a
        larger revision.
        The document is the one of when it is sent; a change that a newer one has overtaken by then is left out.
        `reset`: changes may have been missed, read everything anew. `dropped`: you read too slowly, connect again.
        A block with an `id` alone tells where the stream stands: keep it like any other.

        `view=brief` is for status boards: `event: brief`, once a second at most, with an array of the stations that
        changed, each `[id, status, health, offline charge points, since, revision, [EVSEs by status]]` as the columns
        of `GET /v1/board`, or `[id, revision]` when deleted. One may come twice: the larger revision counts.
        `event: behind`: rollups catch up, what is told is of `seconds` ago.
        """
        stream.check()
        wanted, after = filters.wanted(), last_event_id or filters.last_event_id or None
        await named.check(wanted, resumes=after is not None)
        return Events(stream.follow(wanted, after), headers=_HEADERS)

    # With the reads: it changes nothing that is served, and who may read may make one.
    @routes.reads.post(
        "/tickets",
        status_code=201,
        responses=answering(Ticket, status=201, example=TICKET, headers=(responses.STREAM_ID,)),
    )
    async def create_stream_ticket(request: Request) -> Response:
        """A ticket for a browser's `EventSource`, which sends no token: it opens `GET /v1/stream?ticket=…` once.

        It is good for 60 s and for one connection, so `EventSource` cannot reconnect by itself (401): at its `error`
        close it, make another ticket, and give the id of the last event as `last_event_id`; before the first event
        that is `Plugwatch-Stream-Id` of this answer.
        """
        made = await tickets.made(secret(request))
        headers = {"Cache-Control": "no-store", **responses.following(request.scope["stream_id"])}
        return Response(msgspec.json.encode(made), 201, headers, "application/json")

    return routes
