"""Charge point passwords: stored salted, never given out, checked in constant time.

A fast hash (HMAC) for what can only be random: an AuthorizationKey of 16 to 20 bytes given as hex (OCPP 1.6
security whitepaper §2.3), such as ``generated`` makes, and what passes ``strength``. Anything else may have been
chosen by a person and gets scrypt; check those off the event loop. A key is the same as bytes and as hex
text in either case, since chargers send either. What is stored stays as it is until the password is set again.
"""

import hashlib
import hmac
import os
import re
import secrets

from shared.credentials import strength

LONGEST = 256  #: bytes; what is longer is nobody's password
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){16,20}")
_DIGITS = 10  #: so many different hex digits at least; 32 random ones have 14, one key in 10,000 has fewer
_N, _R, _P = 2**14, 8, 1


def generated() -> str:
    """A new random key of 20 bytes as 40 hex digits: an AuthorizationKey for 1.6, a passwordString for 2.x."""
    return secrets.token_hex(20)


def hashed(password: str) -> str:
    """What to store: ``hmac$salt$hash`` or ``scrypt$salt$hash``, hex."""
    salt = os.urandom(16)
    scheme, digest = ("hmac", _hmac) if _is_strong(password) else ("scrypt", _scrypt)
    return "$".join((scheme, salt.hex(), digest(salt, _forms(password.encode())[0]).hex()))


def is_slow(stored: str) -> bool:
    """Whether checking takes tens of milliseconds and belongs off the loop."""
    return stored.startswith("scrypt$")


def matches(stored: str, presented: bytes) -> bool:
    """Whether the presented password is the stored one."""
    if not 0 < len(presented) <= LONGEST:
        return False
    scheme, salt_hex, *digests = stored.split("$")
    salt, digest = bytes.fromhex(salt_hex), _scrypt if scheme == "scrypt" else _hmac
    wanted = [bytes.fromhex(one) for one in digests]
    return any(hmac.compare_digest(digest(salt, form), one) for form in _forms(presented) for one in wanted)


def _is_strong(password: str) -> bool:
    if _HEX.fullmatch(password.encode()):
        return len(set(password.lower())) >= _DIGITS
    return strength.is_random(password)


def _forms(password: bytes) -> tuple[bytes, ...]:
    """The password as it may have been hashed: a key's bytes first, then as it came."""
    return (bytes.fromhex(password.decode()), password) if _HEX.fullmatch(password) else (password,)


def _hmac(salt: bytes, password: bytes) -> bytes:
    return hmac.digest(salt, password, "sha256")


def _scrypt(salt: bytes, password: bytes) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=_N, r=_R, p=_P, dklen=32)
