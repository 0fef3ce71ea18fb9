"""``/status/{station_id}``: one station for whoever comes by, as a page or, by Accept, as JSON; no token, no list.

What is not there answers as if the setting were off: 404 of a path that nobody serves.
"""

from collections.abc import Awaitable, Callable, Collection

import msgspec
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.http import responses
from api.http.problems import NotFound
from api.http.rate_limit import RateLimit
from shared.http.origin import Network, asker
from shared.stores.hot import Hot

from . import answers, page
from .accept import prefers_json

_KEPT = "public, max-age=5"  #: what a crowd at one station costs: a read each 5 s, where a cache stands between
_SAFE = {"Content-Security-Policy": page.POLICY, "Referrer-Policy": "no-referrer"}


def pages(
    read: Callable[[str], Awaitable[Hot]],
    limit: RateLimit,
    *,
    trusted_proxies: Collection[Network],
    clock: Callable[[], float],
    now: Callable[[], int],
) -> APIRouter:
    """The route. ``read`` gives a station's document or raises NotFound, ``limit`` counts addresses."""
    router = APIRouter(include_in_schema=False)

    @router.get("/status/{station_id}")
    async def read_status(request: Request, station_id: str) -> Response:
        limit.take(asker(request.scope, trusted_proxies), clock())
        try:
            found = await read(station_id)
        except NotFound:
            raise HTTPException(404) from None
        station = answers.public(found.document or b"")
        headers = {"Vary": "Accept"}
        if found.age_s is not None:
            headers["Age"] = str(found.age_s)
        if prefers_json(request.headers.get("accept", "")):
            return responses.listed(request, msgspec.json.encode(station), headers, kept=_KEPT)
        body = page.page(station, now() - 1000 * (found.age_s or 0))
        return responses.listed(request, body, headers | _SAFE, kept=_KEPT, media_type="text/html; charset=utf-8")

    return router
