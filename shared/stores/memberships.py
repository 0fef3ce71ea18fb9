"""Which charge point came to a station or left it: who follows the station is told of what leaves.

The charge point's own change names only the station where it is then. A membership has a key and a revision of its
own, so that one told late (published anew from its note) overcomes none that is newer.
"""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from .hot import Change


class Membership(Struct, frozen=True, array_like=True):
    """A charge point that came to a station, or left it, with this revision of its document."""

    station_id: str
    charge_point_id: str
    revision: int
    is_member: bool


_decode = msgspec.json.Decoder(list[Membership]).decode


def encode(memberships: Iterable[Membership]) -> str:
    """As a note has them: JSON."""
    return msgspec.json.encode(list(memberships)).decode()


def decode(noted: str) -> list[Membership]:
    """What a note has."""
    return _decode(noted)


def around(documents: Iterable[Change], memberships: Iterable[Membership]) -> list[Change]:
    """Documents with what came and left, in the order to publish them: who came before its document, so that no
    departure of before, published in between, is told after it; who left after it, so that where it is now is known."""
    moved = changes(memberships)
    came = [one for one in moved if one.document is not None]
    return [*came, *documents, *(one for one in moved if one.document is None)]


def changes(memberships: Iterable[Membership]) -> list[Change]:
    """The newest of each charge point at each station."""
    newest: dict[str, Change] = {}
    for one in sorted(memberships, key=lambda one: one.revision):
        document = b"" if one.is_member else None  # no document in either case: both expire as tombstones do
        change = Change("membership", one.station_id, one.charge_point_id, one.revision, "", document)
        newest[change.key] = change
    return list(newest.values())
