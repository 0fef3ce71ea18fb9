"""The page at ``/``: no token is needed to load it, since it holds nothing; nothing from elsewhere is let in."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Header
from starlette.requests import Request
from starlette.responses import Response

from api.http.compression import takes_gzip

from .codes import Codes
from .files import Files, Told

_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:{tiles}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SAFE = {"Referrer-Policy": "no-referrer"}
_FOREVER = "public, max-age=31536000, immutable"
_MAX_CODE_BYTES = 1_000
_HOST = re.compile(r"(localhost|\[[0-9a-f:]+\]|[0-9.]+)(?::[0-9]+)?")
_OF_PROXIES = re.compile(r"forwarded|via|x-forwarded-.*|x-real-ip|(.*-)?client-ip|.*-connecting-ip")


class _Code(msgspec.Struct, forbid_unknown_fields=True):
    code: str


def pages(files: Files, codes: Codes, told: Told) -> APIRouter:
    """The page, its files, and the exchange of a one-time code for its token."""
    router = APIRouter(include_in_schema=False)
    index = files.index(told)
    origin = urlsplit(told.tiles)
    tiles = f" {origin.scheme}://{origin.netloc.replace('{s}', '*')}" if origin.netloc else ""
    headers = {"Content-Security-Policy": _POLICY.format(tiles=tiles), "Cache-Control": "no-cache", **_SAFE}

    @router.get("/")
    async def read_page() -> Response:
        return Response(index, headers=headers, media_type="text/html; charset=utf-8")

    @router.get("/board/{version}/{path:path}")
    async def read_file(version: str, path: str, accept_encoding: Annotated[str, Header()] = "") -> Response:
        found = files.get(path)
        if found is None or version != files.version:  # a page of another version is loaded anew
            return Response("no such file: load the page again", 404, _SAFE | {"Cache-Control": "no-store"})
        kept = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding", **_SAFE}
        if takes_gzip(accept_encoding):
            return Response(found.zipped, headers=kept | {"Content-Encoding": "gzip"}, media_type=found.media_type)
        return Response(found.body, headers=kept, media_type=found.media_type)

    @router.post("/board/sign-in")
    async def sign_in(request: Request) -> Response:
        """Refuses who is not on this machine, also one whom a proxy on it stands for, and a page of another name."""
        token = None
        if is_here(request):
            body = await request.body()
            try:
                token = codes.exchanged(msgspec.json.decode(body[:_MAX_CODE_BYTES], type=_Code).code)
            except msgspec.DecodeError:
                token = None
        if token is None:
            return Response(b'{"detail":"no such code here"}', 403, _SAFE, "application/json")
        return Response(msgspec.json.encode({"token": token}), 200, {"Cache-Control": "no-store"}, "application/json")

    return router


def is_here(request: Request) -> bool:
    """Whether a browser on this machine asks, by a name of this machine, of a page that came from there."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    name = _HOST.fullmatch(host)
    return (
        not any(_OF_PROXIES.fullmatch(header) for header in request.headers)
        and (origin is None or urlsplit(origin).netloc == host)
        and request.client is not None
        and _is_loopback(request.client.host)
        and name is not None
        and (name[1] == "localhost" or _is_loopback(name[1].strip("[]")))
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
