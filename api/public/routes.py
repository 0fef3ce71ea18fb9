"""``/status/{station_id}``: one station for whoever comes by, as a page or, by Accept, as JSON; no token, no list.

What is not there answers as if the setting were off: 404 of a path that nobody serves.
"""

from collections.abc import Callable, Collection

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.http import responses
from api.http.problems import NotFound, TooMany, Unavailable
from api.http.rate_limit import RateLimit
from shared.http.origin import Network, asker

from . import page
from .accept import prefers_json
from .shown import Stations

_KEPT = "public, max-age=5"  #: what a crowd at one station costs: a read each 5 s, where a cache stands between
_SAFE = {"Content-Security-Policy": page.POLICY, "Referrer-Policy": "no-referrer"}
_HTML = "text/html; charset=utf-8"


def pages(
    stations: Stations, limit: RateLimit, *, trusted_proxies: Collection[Network], clock: Callable[[], float]
) -> APIRouter:
    """The route; ``limit`` counts addresses."""
    router = APIRouter(include_in_schema=False)

    @router.get("/status/{station_id}")
    async def read_status(request: Request, station_id: str) -> Response:
        accept = request.headers.get("accept", "")
        try:
            limit.take(asker(request.scope, trusted_proxies), clock())
            found = await stations.shown(station_id)
        except NotFound:
            raise HTTPException(404) from None
        except (TooMany, Unavailable) as problem:
            if "text/html" not in accept.lower():
                raise
            return Response(page.TROUBLE, problem.status, {**problem.headers, **_SAFE}, _HTML)
        headers = {"Vary": "Accept"}
        if found.age_s is not None:
            headers["Age"] = str(found.age_s)
        if prefers_json(accept):
            return responses.listed(request, found.json, headers, kept=_KEPT)
        return responses.listed(request, found.html, headers | _SAFE, kept=_KEPT, media_type=_HTML)

    return router
