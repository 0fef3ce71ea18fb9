"""Dead letters: poison records as they lie in the dead-letter topic, and back. Pure.

A letter is the record as it was (key, value, headers), with headers of ours: why it was set aside
(``reason``, ``detail``, and for ``unexpected`` the ``exception`` and its ``place``), where it stood (``source``).
Sent again it carries ``redriven``, how often, and keeps that should it come back. A record for which there is no
room is ``cut`` to its head and a digest: it can be looked at, and not be sent again.
"""

import hashlib
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ingest.rollup.fold.batch import Record
from shared.words.errors import Poison

REASON, DETAIL, SOURCE, REDRIVEN = "reason", "detail", "source", "redriven"
EXCEPTION, PLACE, CUT = "exception", "place", "cut"
_OF_A_LETTER = frozenset({REASON, DETAIL, SOURCE, EXCEPTION, PLACE, CUT})
_DETAIL_AT_MOST = 500
_KEY_AT_MOST = 256  #: bytes; a charge point's id has 48
_HEAD_AT_MOST = 16_384  #: bytes; an event of ours has a few hundred
_ID_AT_MOST = 48
_ID_CHARACTERS = frozenset(string.printable) - frozenset("/:\t\n\r\x0b\x0c")

Headers: TypeAlias = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, and where it lies."""

    partition: int
    offset: int
    at: int  #: ms; when it was set aside
    key: bytes | None
    value: bytes
    reason: str
    detail: str
    source: str  #: topic/partition/offset
    redriven: int  #: how often it was sent again before
    headers: Headers  #: of the record as it was
    cut: str = ""  #: what is missing of it, if anything is

    @property
    def headers_to_send(self) -> list[tuple[str, bytes]]:
        """Of the record when it is sent again."""
        return [*_without(self.headers, {REDRIVEN}), (REDRIVEN, str(self.redriven + 1).encode())]


def headers_of(record: Record, poison: Poison) -> list[tuple[str, bytes]]:
    """Of the letter that a poison record becomes."""
    return [*_without(record.headers, _OF_A_LETTER), *_why(record, poison)]


def cut(record: Record, poison: Poison) -> tuple[bytes | None, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of the letter when the whole has no room: head, digest and where the record stood."""
    key, value = record.key, record.value or b""
    size = sum(len(name.encode()) + len(said or b"") for name, said in record.headers)
    said = f"value of {len(value)} bytes, headers of {size}; sha256 of the value {hashlib.sha256(value).hexdigest()}"
    headers = [*_why(record, poison), (CUT, said.encode())]
    return None if key is None else key[:_KEY_AT_MOST], value[:_HEAD_AT_MOST], headers


def sender(record: Record) -> str:
    """Whom a record counts against: its key, the id of a charge point; where that is none, its partition: ``/3``."""
    key = (record.key or b"").decode("ascii", errors="replace")
    if 0 < len(key) <= _ID_AT_MOST and _ID_CHARACTERS.issuperset(key):
        return key.lower()
    return f"/{record.partition}"


def _why(record: Record, poison: Poison) -> list[tuple[str, bytes]]:
    said = [
        (REASON, poison.reason),
        (DETAIL, poison.detail[:_DETAIL_AT_MOST]),
        (EXCEPTION, poison.exception),
        (PLACE, poison.place),
        (SOURCE, f"{record.topic}/{record.partition}/{record.offset}"),
    ]
    return [(name, text.encode(errors="replace")) for name, text in said if text]


def letter(record: Record, at: int) -> Letter:
    """The letter in a record of the dead-letter topic, set aside ``at`` (ms); what it does not say is left empty."""
    said = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    redriven = said.get(REDRIVEN, "")
    return Letter(
        partition=record.partition,
        offset=record.offset,
        at=at,
        key=record.key,
        value=record.value or b"",
        reason=said.get(REASON, ""),
        detail=said.get(DETAIL, ""),
        source=said.get(SOURCE, ""),
        redriven=int(redriven) if redriven.isdecimal() and redriven.isascii() else 0,
        headers=_without(record.headers, _OF_A_LETTER),
        cut=said.get(CUT, ""),
    )


def _without(headers: Headers, names: Iterable[str]) -> list[tuple[str, bytes]]:
    return [one for one in headers if one[0] not in names]
