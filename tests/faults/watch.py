"""The witness: reads documents through the API all the time, and tells which are older than they may be."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any

import httpx

from tests.faults.charger import Charger
from tests.faults.site import Site
from tests.faults.verdict import Verdict

EVERY_S = 0.1
WITHIN_S = 4.0


class Witness:
    """What was acknowledged ``old_s`` ago must show, but before ``excused_until`` (monotonic), after a fault."""

    def __init__(self, site: Site, chargers: Sequence[Charger], verdict: Verdict, seed: int, old_s: float) -> None:
        self._site = site
        self._chargers = chargers
        self._verdict = verdict
        self._old_s = old_s
        self._rng = Random(f"{seed} witness")
        self.excused_until = 0.0
        self.reads = self.unanswered = self.judged = 0

    async def run(self) -> None:
        """Until cancelled."""
        headers = {"Authorization": f"Bearer {self._site.read_token}"}
        async with httpx.AsyncClient(base_url=self._site.api, headers=headers, timeout=WITHIN_S) as client:
            while True:
                await asyncio.sleep(EVERY_S)
                charger = self._rng.choice(self._chargers)
                place = self._rng.choice(list(charger.book.sent) or [(0, 0)])
                began = time.monotonic()
                due = charger.book.last_acked(place, time.time() - self._old_s)
                try:
                    answer = await client.get(f"/v1/charge-points/{charger.book.charge_point_id}")
                except httpx.HTTPError:
                    self.unanswered += 1
                    continue
                self.reads += 1
                if answer.status_code != 200:
                    self.unanswered += 1
                    if answer.status_code == 500:
                        self._verdict.add(
                            "the API answered 500", f"{charger.book.charge_point_id}: {answer.text[:200]}"
                        )
                    continue
                if due is None or began - self._old_s < self.excused_until or time.monotonic() < self.excused_until:
                    continue
                self.judged += 1
                shown = reported_at(answer.json(), place)
                if shown is None or shown < due.tag:
                    self._verdict.add(
                        "stale",
                        f"{charger.book.charge_point_id} {place[0]}:{place[1]} shows {shown}, "
                        f"tag {due.tag} ({due.status}) was acknowledged {time.time() - (due.acked_at or 0):.1f} s ago",
                    )


def reported_at(document: dict[str, Any], place: tuple[int, int]) -> int | None:
    """The tag that a document shows at a place."""
    for evse in document["evses"]:
        for connector in evse["connectors"]:
            if (evse["id"], connector["id"]) == place and connector["reported_at"]:
                return round(datetime.fromisoformat(connector["reported_at"]).timestamp() * 1000)
    return None


def connector(document: dict[str, Any], place: tuple[int, int]) -> str | None:
    """The charger's own word that a document shows at a place."""
    for evse in document["evses"]:
        for one in evse["connectors"]:
            if (evse["id"], one["id"]) == place:
                return str(one["reported"])
    return None
