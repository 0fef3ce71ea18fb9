"""Memory an idle connection."""

import asyncio

from loadtest.benchmarks.crowd import crowd, deflated_frame
from loadtest.servers.cpu import resident_bytes
from loadtest.servers.gateway import gateway


async def idle(connections: int, deflate: str) -> dict[str, object]:
    """Resident memory of the gateway per idle connection; ``deflate`` is off, offered, or used for one message."""
    protocol = "ocpp1.6" if deflate == "off" else "ocpp2.0.1"
    lines = [
        f"Sec-WebSocket-Protocol: {protocol}",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    ]
    with gateway() as (ours, port, _):
        async with crowd(port, 200):
            pass
        await asyncio.sleep(1)
        before = resident_bytes(ours.pid)
        async with crowd(port, connections, lines[: 1 if deflate == "off" else 2]) as chargers:
            if deflate == "used":
                for charger in chargers.chargers:
                    charger.frames = [deflated_frame(b'[2,"1","Heartbeat",{}]')]
                await chargers.run(connections)
            await asyncio.sleep(1)
            each = (resident_bytes(ours.pid) - before) / connections
    return {"benchmark": "idle", "connections": connections, "deflate": deflate, "bytes_per_connection": round(each)}
