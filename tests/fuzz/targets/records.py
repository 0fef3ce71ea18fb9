"""Records of the topic, one a line, from bytes to what is stored: poison is told from events, and no event makes the
rollup's pure half raise, or forget on the way through its rows.

The first byte chooses the policy.
"""

from collections.abc import Sequence
from typing import NamedTuple, get_args

import msgspec

from ingest.rollup.fold.batch import batch
from ingest.rollup.fold.fold import Folded, Policy
from ingest.rollup.fold.rules import Connector0Mode
from ingest.rollup.fold.state import ChargePoint
from ingest.rollup.fold.view import viewed
from ingest.rollup.log import dead_letters as letters
from ingest.rollup.state import rows
from shared.words.documents import Registration
from shared.words.errors import Newer
from shared.words.event import Event
from tests.unit.ingest.rollup.worlds import reloaded

_MODES: tuple[Connector0Mode, ...] = get_args(Connector0Mode)
_DEFINITIONS = msgspec.json.schema(Event)["$defs"].values()

WORDS = sorted(
    {name for one in _DEFINITIONS for name in one.get("properties", ())}
    | {kind for one in _DEFINITIONS for kind in one.get("properties", {}).get("kind", {}).get("enum", ())}
)


class _Record(NamedTuple):
    value: bytes
    offset: int
    topic: str = "events"
    partition: int = 3
    key: bytes | None = b"CP1"
    headers: Sequence[tuple[str, bytes]] = ()


def run(data: bytes) -> None:
    """Folds a batch."""
    choice = data[0] if data else 0
    try:
        read = batch(_Record(line, offset) for offset, line in enumerate(data[1:].split(b"\n")))
    except Newer:
        return
    for record, poison in read.poison:
        letters.headers_of(record, poison)
    registration: Registration = "PENDING" if choice & 8 else "ACCEPTED"
    known = {key: ChargePoint(key, "CP1", registration=registration, station_id="S1") for key in read.events}
    out = Folded()
    read.alter(Policy(close_grace_ms=60_000, connector0_mode=_MODES[choice % 3]))(known, out)
    for row in (*out.history, *out.late):
        rows.history_row(row)
    for one in known.values():
        again = reloaded(one)
        assert viewed(again, 1) == viewed(one, 1), "it is forgotten by what is stored"
