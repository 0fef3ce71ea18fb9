"""Hashes of the passwords in rows, off the loop: each takes tens of milliseconds."""

import asyncio
import math
from collections.abc import Sequence

from shared.credentials import passwords

from .merging import Known, Row

AT_ONCE = 2  #: each takes a core and 16 MB

_WOULD_BE = "dry run: "


class Hashing:
    """Hashes a few at a time, for all requests."""

    def __init__(self) -> None:
        self._some = asyncio.Semaphore(AT_ONCE)

    async def of(
        self, part: Sequence[Row], seen: Known, *, dry_run: bool = False, until: float = math.inf
    ) -> dict[int, str]:
        """The hash of each password by row number: the stored one of ``seen`` where it is that password still.

        What was not begun at ``until`` (s, of the loop's clock) is left out.
        """
        wanted: dict[tuple[str, str], list[int]] = {}
        for row in part:
            if row.given.get("password") and row.given.get("charge_point_id") and not row.errors:
                of = (row.given["charge_point_id"].lower(), row.given["password"])
                wanted.setdefault(of, []).append(row.number)

        async def hashed(folded_id: str, password: str) -> str | None:
            known = seen.charge_points.get(folded_id)
            async with self._some:
                if asyncio.get_running_loop().time() >= until:
                    return None
                return await asyncio.to_thread(_hashed, known.password_hash if known else None, password, dry_run)

        found = await asyncio.gather(*(hashed(*of) for of in wanted))
        made = [(hash_, numbers) for hash_, numbers in zip(found, wanted.values(), strict=True) if hash_ is not None]
        return {number: hash_ for hash_, numbers in made for number in numbers}


def _hashed(stored: str | None, password: str, dry_run: bool) -> str:
    if stored and not stored.startswith(_WOULD_BE) and passwords.matches(stored, password.encode()):
        return stored
    return f"{_WOULD_BE}{password}" if dry_run else passwords.hashed(password)
