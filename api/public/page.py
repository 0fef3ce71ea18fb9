"""One station as a page for a driver with a phone: no file besides it, no script needed. Pure but for its own files."""

import base64
import hashlib
import re
import unicodedata
from datetime import datetime
from html import escape
from importlib import resources

from shared.words.instant import from_datetime, to_datetime
from shared.words.status import Status

from .answers import PublicConnector, PublicStation

WORDS: dict[Status, str] = {
    "AVAILABLE": "Available",
    "OCCUPIED": "In use",
    "RESERVED": "Reserved",
    "UNAVAILABLE": "Out of service",
    "FAULTED": "Out of order",
    "UNKNOWN": "Not known",
}
#: a shape each, as on the board: no colour is needed to tell them apart
GLYPHS: dict[Status, str] = {
    "AVAILABLE": "M12 7a5 5 0 1 0 0 10a5 5 0 1 0 0-10z",
    "OCCUPIED": "M6.5 4.5h11a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-11a2 2 0 0 1-2-2v-11a2 2 0 0 1 2-2z",
    "RESERVED": "M12 3.5l8.5 8.5l-8.5 8.5l-8.5-8.5z",
    "UNAVAILABLE": "M4.5 9.5h15v5h-15z",
    "FAULTED": "M12 3l10 18h-20z",
    "UNKNOWN": "M12 4.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 1 0 0-15zM12 7.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z",
}

_FILES = resources.files("api.public") / "page"
_STYLE = (_FILES / "status.css").read_text(encoding="utf-8")
_SCRIPT = (_FILES / "status.js").read_text(encoding="utf-8")
_NAMELESS = "Charging station"
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNSEEN = "\u115f\u1160\u2800\u3164\uffa0"  #: letters by their category, and blank
_MINUTE_MS, _HOUR_MIN, _DAY_MIN = 60_000, 60, 24 * 60


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; script-src {_hash(_SCRIPT)}; style-src {_hash(_STYLE)}; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(station: PublicStation, now: int) -> bytes:
    """The page as of ``now`` (ms since 1970): the same bytes within a minute, while nothing changes."""
    name, address, at = _plain(station.name), _plain(station.address or ""), to_datetime(now - now % _MINUTE_MS)
    several = len({one.charger for one in station.connectors}) > 1
    plugs = any(one.connector_id > 1 for one in station.connectors)
    rows = "".join(_row(one, now, several=several, plugs=plugs) for one in station.connectors)
    return _page(
        f"{WORDS[station.status]} · {name or _NAMELESS}",
        f"""<h1><bdi>{name or _NAMELESS}</bdi></h1>{f'<p class="muted"><bdi>{address}</bdi></p>' if address else ""}
<div class="now {station.status}">{_glyph(station.status)}<strong>{WORDS[station.status]}</strong>
<span class="muted">{_summary(station, now)}</span></div>
{f"<ul>{rows}</ul>" if rows else ""}
<footer>As of <time datetime="{at:%Y-%m-%dT%H:%MZ}">{at:%H:%M} UTC</time><span role="status"></span></footer>""",
    )


def _page(title: str, main: str) -> bytes:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{_STYLE}</style>
</head>
<body>
<main>
{main}
</main>
<script type="module">{_SCRIPT}</script>
</body>
</html>
""".encode()


#: for a moment in which nobody can say; the script asks again
TROUBLE = _page(
    _NAMELESS,
    f"<h1>{_NAMELESS}</h1>\n<p>Its status cannot be shown just now. Please try again in a minute.</p>",
)


def _plain(text: str) -> str:
    """For HTML: without what turns the direction of writing around it; nothing of what nobody would see."""
    seen = any(unicodedata.category(one)[0] not in "CMZ" and one not in _UNSEEN for one in text)
    return escape(_TURNING.sub("", text)) if seen else ""


def _summary(station: PublicStation, now: int) -> str:
    every = {(one.charger, one.evse_id) for one in station.connectors}
    free = {(one.charger, one.evse_id) for one in station.connectors if one.status == "AVAILABLE"}
    many = f"{len(free)} of {len(every)} points free<br>" if len(every) > 1 else ""
    return f"{many}for {_duration(station.since, now)}"


def _row(one: PublicConnector, now: int, *, several: bool, plugs: bool) -> str:
    parts = [f"Charger {one.charger}"] if several else []
    parts += [f"Point {one.evse_id}", *([f"Plug {one.connector_id}"] if plugs else [])]
    return (
        f'<li class="{one.status}">{_glyph(one.status)}<span class="word">{WORDS[one.status]}</span>'
        f'<span class="place muted">{" · ".join(parts)}</span>'
        f'<span class="since muted">for {_duration(one.since, now)}</span></li>'
    )


def _glyph(status: Status) -> str:
    return f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{GLYPHS[status]}" fill-rule="evenodd"/></svg>'


def _duration(since: str, now: int) -> str:
    """In its two largest units: a driver has no use for seconds."""
    minutes = max(0, (now - from_datetime(datetime.fromisoformat(since))) // _MINUTE_MS)
    if minutes < _HOUR_MIN:
        return f"{minutes} min" if minutes else "less than a minute"
    if minutes < _DAY_MIN:
        return f"{minutes // _HOUR_MIN} h" + (f" {minutes % _HOUR_MIN} min" if minutes % _HOUR_MIN else "")
    hours = minutes % _DAY_MIN // _HOUR_MIN
    return f"{minutes // _DAY_MIN} d" + (f" {hours} h" if hours else "")
