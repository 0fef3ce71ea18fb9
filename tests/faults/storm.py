"""The storm: thousands of chargers are cut off at once and come back, while Postgres is frozen.

That all of them get in is the proof that no handshake of a known charger touches Postgres.
"""

import asyncio
import base64
import os
import time
from contextlib import suppress

import httpx

from tests.faults.site import Site
from tests.faults.verdict import Verdict

AT_ONCE = 200  #: handshakes under way at a time
SPREAD_S = 5.0  #: over which the chargers dial again
ALL_WITHIN_S = 120
ROWS_A_FILE = 1_000


async def storm(site: Site, number: int, verdict: Verdict) -> str:
    """A sentence with the time until all were back."""
    ids = [f"STORM-{one}" for one in range(number)]
    await _import(site, ids)
    at_once = asyncio.Semaphore(AT_ONCE)
    first = await _connected(site, ids, at_once, 0)
    sockets = [one for one in first if one is not None]
    if len(sockets) < number:
        verdict.add("storm", f"only {len(sockets)} of {number} chargers came in at first")
    postgres = site.processes["postgres"]
    postgres.pause()
    try:
        for one in sockets:
            one.transport.abort()
        began = time.monotonic()
        back = [one for one in await _connected(site, ids, at_once, SPREAD_S) if one is not None]
        took_s = time.monotonic() - began
    finally:
        postgres.resume()
    if len(back) < number:
        verdict.add("storm", f"only {len(back)} of {number} chargers came back while Postgres was frozen")
    for one in back:
        one.transport.abort()
    return (
        f"Storm: {number:,} chargers were cut off at once and dialled again within {SPREAD_S:.0f} s while Postgres was "
        f"frozen (SIGSTOP): {len(back):,} were let in, the last one after {took_s:.1f} s."
    )


async def _import(site: Site, ids: "list[str]") -> None:
    headers = {"Authorization": f"Bearer {site.admin_token}", "Content-Type": "text/csv"}
    async with httpx.AsyncClient(base_url=site.api, headers=headers, timeout=120) as client:
        for start in range(0, len(ids), ROWS_A_FILE):
            rows = [f"STORM-S{start // ROWS_A_FILE},Storm,{one}" for one in ids[start : start + ROWS_A_FILE]]
            file = "\n".join(["station_id,station_name,charge_point_id", *rows]) + "\n"
            (await client.post("/v1/import", content=file)).raise_for_status()


async def _connected(
    site: Site, ids: "list[str]", at_once: asyncio.Semaphore, spread_s: float
) -> "list[asyncio.StreamWriter | None]":
    deadline = time.monotonic() + ALL_WITHIN_S
    return await asyncio.gather(
        *(_dial(site, one, at_once, spread_s * n / len(ids), deadline) for n, one in enumerate(ids))
    )


async def _dial(
    site: Site, charge_point_id: str, at_once: asyncio.Semaphore, after_s: float, deadline: float
) -> asyncio.StreamWriter | None:
    """Until it is let in, with a pause between; None when it never was."""
    await asyncio.sleep(after_s)
    port = int(site.gateways[hash(charge_point_id) % 2].split(":")[2].split("/")[0])
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        f"GET /ocpp/{charge_point_id} HTTP/1.1\r\nHost: storm\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
    ).encode()
    while time.monotonic() < deadline:
        async with at_once:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(15):
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.write(head)
                    if (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101"):
                        return writer
                    writer.transport.abort()
        await asyncio.sleep(0.5)
    return None
