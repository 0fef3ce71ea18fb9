"""The end of a run: waits until all is applied and published, then holds every store against the books."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import httpx
from redis.asyncio import Redis

from tests.faults.book import Book, Place
from tests.faults.charger import Charger
from tests.faults.site import GRACE_S, LEASE_S, Site
from tests.faults.verdict import Line, Verdict, judge_copies, judge_history, judge_outages, judge_state
from tests.faults.watch import connector

SETTLED_WITHIN_S = 90
ABSENCE_S = GRACE_S + LEASE_S + 6  #: an absence that long is an outage whatever happened to the gateway meanwhile
GROWTH, FREE_KB = 1.5, 60_000  #: a process may grow by so much, beyond so many kB, after its first minute
FIRST_MINUTE = 12  #: samples

_HISTORY = """
    SELECT c.id, h.evse_id, h.connector_id, h.reported, h.reported_at
    FROM history h JOIN charge_points c ON c.key = h.charge_point_key
    WHERE h.kind = 'STATUS' AND c.id = ANY($1) ORDER BY h.epoch, h.sequence
"""
_OFFLINE = """
    SELECT c.id, h.event_time FROM history h JOIN charge_points c ON c.key = h.charge_point_key
    WHERE h.kind = 'CONNECTIVITY' AND h.reported = 'OFFLINE' AND c.id = ANY($1)
"""
_WAITING = "SELECT (SELECT count(*) FROM unpublished) AS notes, (SELECT sum(next) FROM log_positions) AS applied"


async def reckon(site: Site, chargers: Sequence[Charger], verdict: Verdict) -> int:
    """Adds what is wrong to the verdict; gives the number of long absences that were looked for."""
    books = {one.book.charge_point_id: one.book for one in chargers}
    database = await asyncpg.connect(site.stack.database_url)
    try:
        await _settled(database, verdict)
        lines: dict[tuple[str, Place], list[Line]] = {}
        for row in await database.fetch(_HISTORY, list(books)):
            tag = row["reported_at"] and round(row["reported_at"].timestamp() * 1000)
            place = (row["evse_id"], row["connector_id"])
            lines.setdefault((row["id"], place), []).append(Line(tag, row["reported"]))
        offline: dict[str, list[float]] = {}
        for row in await database.fetch(_OFFLINE, list(books)):
            offline.setdefault(row["id"], []).append(row["event_time"].timestamp())
        rows = {
            row["id"]: row["document"].encode()
            for row in await database.fetch("SELECT id, document FROM charge_points WHERE deleted_at IS NULL")
        }
    finally:
        await database.close()
    judge_copies(await _copies(site, list(rows)), rows, verdict)
    absences = 0
    served = await _served(site, list(books))
    for book in books.values():
        absences += judge_outages(book, offline.get(book.charge_point_id, []), ABSENCE_S, verdict)
        for place in book.sent:
            judge_history(book, place, lines.get((book.charge_point_id, place), []), verdict)
            judge_state(book, place, connector(served[book.charge_point_id], place), verdict)
    return absences


async def _settled(database: "asyncpg.Connection[asyncpg.Record]", verdict: Verdict) -> None:
    deadline, before, same_since = time.monotonic() + SETTLED_WITHIN_S, None, 0.0
    while time.monotonic() < deadline:
        row = await database.fetchrow(_WAITING)
        assert row is not None
        now = (row["notes"], row["applied"])
        if now != before:
            before, same_since = now, time.monotonic()
        if row["notes"] == 0 and time.monotonic() - same_since > GRACE_S + LEASE_S:
            return
        await asyncio.sleep(0.5)
    verdict.add("not settled", f"after {SETTLED_WITHIN_S} s without a status (notes, applied) is still {before}")


async def _copies(site: Site, ids: Sequence[str]) -> dict[str, bytes]:
    async with Redis.from_url(site.stack.redis_url) as redis:
        found = {one: await redis.hget(f"plugwatch:charge_point:{one.lower()}", "document") for one in ids}
    return {one: document for one, document in found.items() if isinstance(document, bytes)}


async def _served(site: Site, ids: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {site.read_token}"}
    async with httpx.AsyncClient(base_url=site.api, headers=headers, timeout=10) as client:
        return {one: (await client.get(f"/v1/charge-points/{one}")).raise_for_status().json() for one in ids}


def judge_memory(site: Site, verdict: Verdict) -> None:
    """No process of ours grew under the faults; ask before a storm, whose thousands of sockets are no leak."""
    for name, samples in site.memory.items():
        by_process: dict[int, list[int]] = {}
        for pid, resident in samples:
            by_process.setdefault(pid, []).append(resident)
        for kept in by_process.values():
            if len(kept) > 2 * FIRST_MINUTE and kept[-1] > max(
                kept[FIRST_MINUTE] * GROWTH, kept[FIRST_MINUTE] + FREE_KB
            ):
                verdict.add("memory grows", f"{name}: {kept[FIRST_MINUTE]} kB after a minute, {kept[-1]} kB at the end")


def amid_faults(books: Sequence[Book]) -> tuple[int, int, int]:
    """(sent, acknowledged, acknowledged ones that were sent while a fault lasted)."""
    acked = [one for book in books for one in book.acked()]
    sent = sum(len(of_place) for book in books for of_place in book.sent.values())
    return sent, len(acked), sum(one.amid_fault for one in acked)
