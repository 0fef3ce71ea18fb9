"""Who may come in: the charge point named by the path, its password, and how busy we are.

Decides before the upgrade, in the order of OCPP-J: identity (400/404), then credentials (401). Who is refused
is counted by address and by id. Beyond the limits an answer is 429, but what costs little is still looked at
first: whoever is in memory and has the right key, or a password that was right before, always gets in.
"""

import hashlib
import hmac
import logging
import os
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ingest.gateway.handshake.identity import basic, identity
from ingest.gateway.handshake.inbox import Inbox
from ingest.gateway.handshake.refusal_limit import RefusalLimit
from ingest.gateway.handshake.slow_checks import Gone, Overloaded, SlowChecks
from ingest.gateway.inventory.entry import Entry
from ingest.gateway.inventory.registry import Registry
from shared.credentials import passwords
from shared.http.origin import Network, neighbours, origin
from shared.stores.postgres import AWAY

log = logging.getLogger("plugwatch.gateway.admission")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP answer instead of the upgrade."""

    status: int
    text: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Knock:
    """One handshake; ``address`` is what is counted as one, ``id`` None if the path has none."""

    id: str | None
    address: str
    authorization: str | None
    minute: int
    is_gone: Callable[[], bool]


class Admission:
    """Examines handshakes against the registry."""

    def __init__(
        self,
        registry: Registry,
        inbox: Inbox,
        *,
        require_password: bool,
        refusals_per_minute: int,
        refusals_per_id: int = 0,
        trusted_proxies: Collection[Network] = (),
        checked: Callable[[str], None] = lambda how: None,
    ) -> None:
        self._registry = registry
        self._inbox = inbox
        self._require_password = require_password
        self._addresses = RefusalLimit(refusals_per_minute)
        self._ids = RefusalLimit(refusals_per_id)
        self._trusted = trusted_proxies
        self._checked = checked
        self._slow_checks = SlowChecks()
        self._cache_key = os.urandom(32)

    async def examine(
        self,
        path: str,
        authorization: str | None,
        peer: str,
        forwarded: Sequence[str] = (),
        standard: Sequence[str] = (),
        is_gone: Callable[[], bool] = lambda: False,
    ) -> Entry | Refusal:
        """The charge point that may come in, or why not.

        ``path`` is the request target, ``peer`` the other end's address, ``forwarded`` and ``standard`` its
        X-Forwarded-For and Forwarded headers; ``is_gone`` says whether anybody still waits for the answer.
        """
        address = neighbours(origin(peer, forwarded, self._trusted, standard))
        knock = Knock(identity(path), address, authorization, int(time.monotonic() // 60), is_gone)
        if knock.id is None:
            return self._refused(knock, Refusal(404, "the last path segment is no charge point id"))
        entry = self._registry.here(knock.id)
        if entry is None:
            if self._is_limited(knock):
                return TOO_MANY
            try:
                entry = await self._registry.find(knock.id)
            except AWAY:
                return Refusal(503, "the inventory cannot be asked now", (("Retry-After", "10"),))
        if entry is None:
            text = "this charge point is not in the inventory; create it through the API"
            return self._refused(knock, Refusal(404, text))
        return await self._check(entry, knock)

    def close(self) -> None:
        """No more passwords are checked that take long: who waits for one gets 503."""
        self._slow_checks.close()

    async def _check(self, entry: Entry, knock: Knock) -> Entry | Refusal:
        stored = entry.password_hash
        if stored is None:
            if self._require_password:
                return self._refused(knock, _unauthorized("this charge point has no password set"))
            return entry
        user, password = basic(knock.authorization)
        if user is None or user.lower() != (knock.id or "").lower():
            text = "Basic auth with the charge point id as the user name is needed"
            return self._refused(knock, _unauthorized(text))
        if not 0 < len(password) <= passwords.LONGEST:
            return self._refused(knock, WRONG)
        if passwords.is_slow(stored):
            return await self._check_slowly(entry, stored, password, knock)
        self._checked("fast")
        return entry if passwords.matches(stored, password) else self._refused(knock, WRONG)

    async def _check_slowly(self, entry: Entry, stored: str, password: bytes, knock: Knock) -> Entry | Refusal:
        digest = hashlib.blake2b(password, key=self._cache_key, digest_size=16).digest()
        if entry.right is not None and hmac.compare_digest(entry.right, digest):
            self._checked("remembered")
            return entry
        if entry.wrong is not None and hmac.compare_digest(entry.wrong, digest):
            self._checked("remembered")
            return self._refused(knock, WRONG)
        if self._may_only_be_cheap(knock):
            self._checked("limited")
            return TOO_MANY
        self._count(knock)  # now, not when it is done: there may be hundreds on the way
        try:
            matched = await self._slow_checks.matches(stored, password, knock.address, knock.is_gone)
        except Gone:
            self._checked("gone")
            return BUSY
        except Overloaded:
            self._checked("overloaded")
            self._forgive(knock)
            return BUSY
        self._checked("slow")
        if matched:
            self._forgive(knock)
        if entry.password_hash != stored:
            return Refusal(503, "the password has just changed", (("Retry-After", "1"),))
        if matched:
            entry.right = digest
            return entry
        entry.wrong = digest  # a charger that has it wrong comes again and again
        self._inbox.refused(knock.id or "", 401)
        return WRONG

    def _refused(self, knock: Knock, refusal: Refusal) -> Refusal:
        if self._is_limited(knock):
            return TOO_MANY
        self._count(knock)
        if knock.id is not None:
            self._inbox.refused(knock.id, refusal.status)
        return refusal

    def _is_limited(self, knock: Knock) -> bool:
        return self._addresses.is_reached(knock.address, knock.minute) or (
            knock.id is not None and self._ids.is_reached(knock.id.lower(), knock.minute)
        )

    def _may_only_be_cheap(self, knock: Knock) -> bool:
        """An address that was not refused yet has a try even if others guess under the same id."""
        refused_before = self._addresses.count(knock.address, knock.minute) > 0
        return self._addresses.is_reached(knock.address, knock.minute) or (refused_before and self._is_limited(knock))

    def _count(self, knock: Knock) -> None:
        if self._addresses.refused(knock.address, knock.minute):
            log.warning(
                "an address was refused so often that it has to wait; chargers of it that are not known yet, too. "
                "If it is a proxy of yours, add it to PLUGWATCH_TRUSTED_PROXIES",
                extra={"address": knock.address},
            )
        if knock.id is not None and self._ids.refused(knock.id.lower(), knock.minute):
            log.warning(
                "a charge point id was refused so often that it has to wait; set its password again if it is yours",
                extra={"charge_point_id": knock.id, "address": knock.address},
            )

    def _forgive(self, knock: Knock) -> None:
        self._addresses.forgiven(knock.address, knock.minute)
        if knock.id is not None:
            self._ids.forgiven(knock.id.lower(), knock.minute)


def _unauthorized(text: str) -> Refusal:
    return Refusal(401, text, (("WWW-Authenticate", 'Basic realm="ocpp", charset="UTF-8"'),))


TOO_MANY = Refusal(429, "too many refused handshakes from this address or under this id", (("Retry-After", "60"),))
BUSY = Refusal(503, "too many passwords are being checked", (("Retry-After", "5"),))
WRONG = _unauthorized("wrong password")
