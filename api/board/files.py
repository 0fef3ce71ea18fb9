"""The page's files as the package carries them, under a path that names their content: browsers may keep them."""

import gzip
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

from msgspec import Struct, structs

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}


#: what only the map needs
_LATER = ("vendor/leaflet", "vendor/supercluster", "vendor/kdbush", "vendor/topojson")


class File(Struct, frozen=True):
    """A file with its bytes twice."""

    media_type: str
    body: bytes
    zipped: bytes


class Told(Struct, frozen=True):
    """What the page is told of the settings, each in a ``meta`` of its name."""

    mode: str
    tiles: str
    gateway_port: int
    chargers_url: str  #: "": the page's own host at that port
    public_status: str  #: "on" or "off"


class Files:
    """Everything below ``page/`` that browsers are served, by its path there; read and compressed once."""

    def __init__(self) -> None:
        page = resources.files("api.board") / "page"
        self._files = {
            path: File(_TYPES[_ending(path)], body, _zipped(body))
            for path, body in _below(page, "")
            if _ending(path) in _TYPES
        }
        digest = hashlib.sha256()
        for path in sorted(self._files):
            digest.update(path.encode() + b"\0" + self._files[path].body)
        self.version = digest.hexdigest()[:16]
        # What the page needs at once, asked for at once: else each module waits for who imports it.
        self._first = [path for path in self._files if path.endswith(".js") and not path.startswith(_LATER)]
        self._index = (page / "index.html").read_text(encoding="utf-8")

    def get(self, path: str) -> File | None:
        """The file at a path below ``page/``."""
        return self._files.get(path)

    def index(self, told: Told) -> bytes:
        """The page itself, which names the files of this version."""
        preloads = "\n    ".join(f'<link rel="modulepreload" href="{{base}}/{path}" />' for path in self._first)
        text = self._index.replace("{preloads}", preloads).replace("{base}", f"/board/{self.version}")
        for name, value in structs.asdict(told).items():
            text = text.replace(f"{{{name}}}", str(value).replace("&", "&amp;").replace('"', "&quot;"))
        return text.encode()


@lru_cache(maxsize=256)
def _zipped(body: bytes) -> bytes:
    """Once a process, however many applications are made in it: it takes most of the time that making one takes."""
    return gzip.compress(body, 9, mtime=0)


def _ending(path: str) -> str:
    return path.rpartition(".")[2] if not path.endswith(".d.ts") else ""


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _below(one, f"{prefix}{one.name}/")
        elif one.name != "index.html":
            yield f"{prefix}{one.name}", one.read_bytes()
