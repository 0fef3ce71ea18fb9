"""Who may come in: the charge point named by the path, its password, and how busy we are.

Decides before the upgrade, in the order of OCPP-J: identity (400/404), then credentials (401).
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import os
import re
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from ingest.gateway.inbox import Inbox
from ingest.gateway.origin import Network, origin
from ingest.gateway.registry import Entry, Registry
from shared import passwords
from shared.postgres import AWAY

#: 1-48 printable ASCII characters with space and ``|``, without ``/`` and ``:``
_ID = re.compile(r"[ !-.0-9;-~]{1,48}")
_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP answer instead of the upgrade."""

    status: int
    text: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Turnstile:
    """Counts refused handshakes per address and minute; bounded, forgetting the oldest address."""

    per_minute: int
    _counts: dict[str, tuple[int, int]] = field(default_factory=dict)

    def is_shut(self, address: str, minute: int) -> bool:
        """Whether the address has had its refusals of this minute."""
        of, count = self._counts.get(address, (minute, 0))
        return bool(self.per_minute) and of == minute and count >= self.per_minute

    def refused(self, address: str, minute: int) -> None:
        """One more refusal."""
        of, count = self._counts.pop(address, (minute, 0))
        while len(self._counts) >= _ADDRESSES:
            del self._counts[next(iter(self._counts))]
        self._counts[address] = (minute, count + 1 if of == minute else 1)


class Admission:
    """Examines handshakes against the registry."""

    def __init__(
        self,
        registry: Registry,
        inbox: Inbox,
        *,
        require_password: bool,
        refusals_per_minute: int,
        trusted_proxies: Collection[Network] = (),
    ) -> None:
        self._registry = registry
        self._inbox = inbox
        self._require_password = require_password
        self._turnstile = Turnstile(refusals_per_minute)
        self._trusted = trusted_proxies
        self._cache_key = os.urandom(32)

    async def examine(
        self, path: str, authorization: str | None, peer: str, forwarded: Sequence[str] = ()
    ) -> Entry | Refusal:
        """The charge point that may come in, or why not.

        ``path`` is the request target, ``peer`` the other end's address, ``forwarded`` its X-Forwarded-For headers.
        """
        address = origin(peer, forwarded, self._trusted)
        minute = int(time.monotonic() // 60)
        if self._turnstile.is_shut(address, minute):
            return Refusal(429, "too many refused handshakes from this address", (("Retry-After", "60"),))
        verdict = await self._examine(path, authorization)
        if isinstance(verdict, Refusal) and verdict.status < 500:
            self._turnstile.refused(address, minute)
            if charge_point_id := identity(path):
                self._inbox.refused(charge_point_id, verdict.status)
        return verdict

    async def _examine(self, path: str, authorization: str | None) -> Entry | Refusal:
        charge_point_id = identity(path)
        if charge_point_id is None:
            return Refusal(404, "the last path segment is no charge point id")
        try:
            entry = await self._registry.find(charge_point_id)
        except AWAY:
            return Refusal(503, "the inventory cannot be asked now", (("Retry-After", "10"),))
        if entry is None:
            return Refusal(404, "this charge point is not in the inventory; create it through the API")
        return await self._check(entry, charge_point_id, authorization)

    async def _check(self, entry: Entry, charge_point_id: str, authorization: str | None) -> Entry | Refusal:
        if entry.password_hash is None:
            return _unauthorized("this charge point has no password set") if self._require_password else entry
        user, password = _basic(authorization)
        if user is None or user.lower() != charge_point_id.lower():
            return _unauthorized("Basic auth with the charge point id as the user name is needed")
        if not await self._matches(entry, entry.password_hash, password):
            return _unauthorized("wrong password")
        return entry

    async def _matches(self, entry: Entry, stored: str, presented: bytes) -> bool:
        if not passwords.is_slow(stored):
            return passwords.matches(stored, presented)
        digest = hashlib.blake2b(presented, key=self._cache_key).digest()
        if entry.verified is not None and hmac.compare_digest(entry.verified, digest):
            return True
        matched = await asyncio.to_thread(passwords.matches, stored, presented)
        if matched and entry.password_hash == stored:
            entry.verified = digest
        return matched


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


def _basic(authorization: str | None) -> tuple[str | None, bytes]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None, b""
    try:
        user, separator, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), password) if separator else (None, b"")
    except (binascii.Error, ValueError):
        return None, b""


def _unauthorized(text: str) -> Refusal:
    return Refusal(401, text, (("WWW-Authenticate", 'Basic realm="ocpp", charset="UTF-8"'),))
