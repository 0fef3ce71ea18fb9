"""``/v1/board``: the whole network at once, its map by clusters, and codes that sign in a browser on this machine."""

from typing import Annotated

import msgspec
from fastapi import Header, Query
from starlette.requests import Request
from starlette.responses import Response

from api.http import etags, responses
from api.http.compression import takes_gzip
from api.http.problems import TooSlow
from api.reference.openapi import answering
from api.room import Room
from shared.credentials import tokens
from shared.words import places

from . import answers
from .clusters import Clusters, part
from .codes import Codes
from .inputs import Part
from .snapshot import Snapshot

_HEADERS = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}


def room(snapshot: Snapshot, clusters: Clusters, codes: Codes) -> Room:
    """The routes."""
    routes = Room("/v1/board", "board")

    @routes.reads.get("", responses=answering(answers.BoardDocument, etag=True))
    async def read_board(
        request: Request,
        place: Annotated[
            bool, Query(description="false: without `latitude` and `longitude`, a third of it all")
        ] = True,
        accept_encoding: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> Response:
        """The whole network for a status board, at most a second old: a column a field, a place in each a station.

        `status` and `health` are places in `legend`; `counts` has a column of EVSEs for each status; `since` (s since
        1970) is when the station got its status. `GET /v1/stream?view=brief` goes on from the id `stream`; what it
        tells last of a station counts. Of more than 20,000 stations these are the worst; `total` says how many
        there are.
        """
        found = await snapshot.board(place=place)
        headers = {"ETag": found.etag, **_HEADERS, **responses.following(found.stream or None)}
        if etags.is_current(request.headers.get("if-none-match"), found.etag):
            return Response(status_code=304, headers=headers)
        if takes_gzip(accept_encoding):
            return Response(found.zipped, headers=headers | {"Content-Encoding": "gzip"}, media_type="application/json")
        return Response(found.body, headers=headers, media_type="application/json")

    @routes.reads.get(
        "/clusters", responses=answering(answers.ClustersDocument, TooSlow, example=answers.CLUSTERS, etag=True)
    )
    async def read_board_clusters(request: Request, asked: Annotated[Part, Query()]) -> Response:
        """The stations that have a place by the cells of a grid, for a map of more than `GET /v1/board` has.

        At most a second old. A cell of several stations is a cluster, one that is alone is told as it is, and so are
        all from zoom 17 on. The cells that the box touches are counted whole; at most 2,000 of them.
        """
        return responses.listed(request, await clusters.within(part(places.box(asked.bbox), asked.zoom)))

    @routes.writes.post("/codes", status_code=201, responses=answering(answers.BoardCode, status=201))
    async def create_board_code(request: Request) -> Response:
        """A code that signs one browser in with the token of this request, once, within 12 hours.

        For `/#code=…` in a browser on the machine of the API, which is refused to all others.
        """
        code = codes.made(tokens.presented(request.headers.get("authorization")) or "")
        return Response(
            msgspec.json.encode(answers.BoardCode(code)), 201, {"Cache-Control": "no-store"}, "application/json"
        )

    return routes
