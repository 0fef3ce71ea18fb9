"""Who a handshake says it is: the last segment of the path, and HTTP Basic. Pure."""

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

#: 1-48 printable ASCII characters with space and ``|``, without ``/`` and ``:``
_ID = re.compile(r"[ !-.0-9;-~]{1,48}")


def identity(path: str) -> str | None:
    """The charge point id in a request target: its last segment, percent-decoded once.

    None when that is no id; a trailing slash does not count.
    """
    segment = path.partition("?")[0].removesuffix("/").rpartition("/")[2]
    try:
        decoded = unquote_to_bytes(segment).decode("ascii")
    except UnicodeError:
        return None
    return decoded if _ID.fullmatch(decoded) and decoded not in (".", "..") else None


def basic(authorization: str | None) -> tuple[str | None, bytes]:
    """User name and password of a Basic header, its base64 padded or not; None for the name if there is none."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None, b""
    encoded = encoded.strip().rstrip("=")
    try:
        given = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        user, separator, password = given.partition(b":")
        return (user.decode(), password) if separator else (None, b"")
    except (binascii.Error, ValueError):
        return None, b""
