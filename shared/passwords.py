"""Charge point passwords: stored salted, never given out, checked in constant time.

A 1.6 AuthorizationKey (40 hex digits) is strong by itself: one salted HMAC, kept for the text and
for the 20 raw bytes, since chargers send either (OCPP 1.6 security whitepaper §2.3). Anything else
may have been chosen by a person and gets scrypt; check those off the event loop.
"""

import hashlib
import hmac
import os
import re

_KEY = re.compile(r"[0-9a-fA-F]{40}")
_N, _R, _P = 2**14, 8, 1


def hashed(password: str) -> str:
    """What to store: ``hmac$salt$text$raw`` or ``scrypt$salt$hash``, all hex."""
    salt = os.urandom(16)
    if _KEY.fullmatch(password):
        forms = (password.encode(), bytes.fromhex(password))
        return "$".join(("hmac", salt.hex(), *(_hmac(salt, form).hex() for form in forms)))
    return "$".join(("scrypt", salt.hex(), _scrypt(salt, password.encode()).hex()))


def is_slow(stored: str) -> bool:
    """Whether checking takes tens of milliseconds and belongs off the loop."""
    return stored.startswith("scrypt$")


def matches(stored: str, presented: bytes) -> bool:
    """Whether the presented password is the stored one."""
    scheme, salt_hex, *digests = stored.split("$")
    salt = bytes.fromhex(salt_hex)
    found = _scrypt(salt, presented) if scheme == "scrypt" else _hmac(salt, presented)
    return any([hmac.compare_digest(found, bytes.fromhex(digest)) for digest in digests])


def _hmac(salt: bytes, password: bytes) -> bytes:
    return hmac.digest(salt, password, "sha256")


def _scrypt(salt: bytes, password: bytes) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=_N, r=_R, p=_P, dklen=32)
