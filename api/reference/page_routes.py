"""``/docs``: the OpenAPI document to read and to try, from our own files; nothing from elsewhere is let in.

Operators paste ADMIN tokens here, so the page's policy allows no script, style or request but ours.
"""

import asyncio
import gzip
import hashlib
from functools import cache
from importlib import resources
from typing import Annotated

from fastapi import APIRouter, Header
from msgspec import Struct
from starlette.responses import Response

from api.http.compression import takes_gzip

# Swagger UI writes style attributes; its pictures are in its style sheet.
_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FOREVER = "public, max-age=31536000, immutable"
_TYPES = {
    "start.js": "text/javascript; charset=utf-8",
    "vendor/swagger-ui.css": "text/css; charset=utf-8",
    "vendor/swagger-ui.js": "text/javascript; charset=utf-8",
    "vendor/NOTICE.txt": "text/plain; charset=utf-8",
}


class _Page(Struct, frozen=True):
    version: str  #: names the content of all files
    index: bytes
    files: dict[str, tuple[bytes, bytes]]  #: plain and compressed


@cache
def _page() -> _Page:
    """The files as the package carries them; read and compressed once, when the first one asks."""
    folder = resources.files("api.reference") / "page"
    plain = {path: (folder / path).read_bytes() for path in _TYPES}
    index = (folder / "index.html").read_bytes()
    version = hashlib.sha256(b"\0".join([index, *plain.values()])).hexdigest()[:16]
    files = {path: (body, gzip.compress(body, 9, mtime=0)) for path, body in plain.items()}
    return _Page(version, index.replace(b"{base}", f"/docs/{version}".encode()), files)


def pages() -> APIRouter:
    """The page and its files; no token is needed to load them, since they hold nothing."""
    router = APIRouter(include_in_schema=False)
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache", "Referrer-Policy": "no-referrer"}

    @router.get("/docs")
    async def read_docs() -> Response:
        page = await asyncio.to_thread(_page)
        return Response(page.index, headers=headers, media_type="text/html; charset=utf-8")

    @router.get("/docs/{version}/{path:path}")
    async def read_docs_file(version: str, path: str, accept_encoding: Annotated[str, Header()] = "") -> Response:
        page = await asyncio.to_thread(_page)
        if path not in page.files or version != page.version:  # a page of another version is loaded anew
            return Response("no such file: load the page again", 404, {"Cache-Control": "no-store"})
        plain, zipped = page.files[path]
        kept = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        if takes_gzip(accept_encoding):
            return Response(zipped, headers=kept | {"Content-Encoding": "gzip"}, media_type=_TYPES[path])
        return Response(plain, headers=kept, media_type=_TYPES[path])

    return router
