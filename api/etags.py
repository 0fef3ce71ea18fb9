"""Entity tags (RFC 9110 §8.8.3, §13.1) of the form ``"<inventory version>.<revision>"``. Pure.

A charger moves the revision, only an operator the version: If-None-Match compares all of the tag,
If-Match the version alone, so that a busy station can still be edited.
"""

import re

from api.errors import Changed

_TAG = re.compile(r'(W/)?"([^"]*)"')


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
    if not any(not weak and tag.partition(".")[0] == str(version) for weak, tag in _TAG.findall(if_match)):
        raise Changed("it was changed since you read it: GET it again, redo the change on that, and use its ETag")
