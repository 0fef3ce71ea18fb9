"""Entity tags (RFC 9110 §8.8.3, §13.1) of the form ``"<inventory version>.<revision>"``. Pure.

A charger moves the revision, only an operator the version: If-None-Match compares all of the tag,
If-Match the version alone, so that a busy station can still be edited. A station's version moves with its own
fields and with who belongs to it, as DELETE takes its charge points along; no version is ever used twice, so
that a tag of a former bearer of an id matches nothing.
"""

import re
from typing import Annotated

from fastapi import Header

from .problems import Changed

IfMatch = Annotated[str | None, Header(description="an ETag; only its inventory part is compared")]

_TAG = re.compile(r'(W/)?"([!#-~\x80-\xff]*)"')
_LIST = re.compile(rf"[ \t,]*({_TAG.pattern}[ \t]*(,[ \t,]*|$))+")
_VERSION = re.compile(r"([0-9]+)\.[0-9]+")


def is_current(if_none_match: str | None, etag: str) -> bool:
    """Whether the client holds this very document already (weak comparison, as for any GET)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or any(f'"{tag}"' == etag for _, tag in _TAG.findall(if_none_match))


def require(if_match: str | None, version: int) -> None:
    """Lets a change go on when it was made for this version, or for any.

    Raises:
        Changed: it was made for another version (a weak tag never matches here).
    """
    if if_match is None or if_match.strip() == "*":
        return
    if not _LIST.fullmatch(if_match):
        raise Changed('If-Match is no list of entity tags: send the ETag of a GET as it came, in its quotes, or "*"')
    strong = [_VERSION.fullmatch(tag) for weak, tag in _TAG.findall(if_match) if not weak]
    if not any(one is not None and one[1] == str(version) for one in strong):
        raise Changed("it was changed since you read it: GET it again, redo the change on that, and use its ETag")
