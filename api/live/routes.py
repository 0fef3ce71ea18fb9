"""``/v1/stream``."""

from typing import Annotated

from fastapi import Header, Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from api.http.room import Room
from api.reference.openapi import answering

from .answers import EVENT, EVENTS
from .inputs import StreamFilters
from .stream import Stream

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Events(StreamingResponse):
    """Server-Sent Events that are bytes already, shared by all who get them.

    FastAPI's own EventSourceResponse encodes each event anew for each client, from a text.
    """

    media_type = "text/event-stream"


def room(stream: Stream) -> Room:
    """The routes."""
    routes = Room("/v1/stream", "stream")

    @routes.reads.get(
        "", response_class=Events, responses=answering(EVENTS, example=EVENT, media_type="text/event-stream")
    )
    async def follow_stream(
        request: Request,
        filters: Annotated[StreamFilters, Query()],
        last_event_id: Annotated[
            str | None, Header(max_length=100, description="the `id` of the last event: those after it come first")
        ] = None,
    ) -> Events:
        """Changes as Server-Sent Events, from now on or after `Last-Event-ID`, with a comment every 15 s of silence.

        `event` is `charge_point`, `station` or `deleted`; `data` is
        `{"station_id", "charge_point_id", "revision", "document"}`, the document null when deleted.
        The document is the one of when it is sent; a change that a newer one has overtaken by then is left out.
        `reset`: changes may have been missed, read everything anew. `dropped`: you read too slowly, connect again.
        A block with an `id` alone tells where the stream stands: keep it like any other.

        `view=brief` is for status boards: `event: brief`, once a second at most, with an array of the stations that
        changed, each `[id, status, health, offline charge points, since, revision, [EVSEs by status]]` as the columns
        of `GET /v1/board`, or `[id, revision]` when deleted. One may come twice: the larger revision counts.
        """
        stream.check()
        return Events(stream.follow(filters.wanted(), last_event_id or None), headers=_HEADERS)

    return routes
