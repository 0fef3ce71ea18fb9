"""A second fleet that means harm: it is in the inventory, and nothing it sends may cost the first fleet anything."""

import asyncio
import base64
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random

from aiokafka import AIOKafkaProducer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.faults.charger import CLIENT, DIALECTS
from tests.faults.site import TOPIC, Site

FLEET = tuple(f"HOSTILE-{number}" for number in range(6))
PASSWORDED = "HOSTILE-PASSWORD"
WITHIN_S = 10
FLOOD_BYTES = 2_000_000
HALF_OPEN, WRONG = 300, 200
TIMES = (
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999-14:00", "1969-12-31T23:59:59Z", "2201-01-01T00:00:00Z", "24:00",
    "2026-13-45T99:99:99Z", "", "\u0000", "NaN", "-292277022656-01-01T00:00:00Z",
)  # fmt: skip


def status16(rng: Random) -> str:
    """A 1.6 StatusNotification at its extremes."""
    payload = {
        "connectorId": rng.choice([0, 1, 2, 255, 256, -1, 2**31, 2**63, 2**70, 10**400]),
        "errorCode": rng.choice(["NoError", "Whatever", "\ud800", "x" * 5000]),
        "status": rng.choice(["Available", "Charging", "available", "", "Nonsense"]),
        "timestamp": rng.choice(TIMES),
        "info": rng.choice(["\u0000", "\udfff", "é" * 3000, "=1+1", "a" * 60_000]),
        "vendorErrorCode": rng.choice(["\u0000x", None, "y" * 999]),
    }
    return json.dumps([2, rng.randbytes(4).hex(), "StatusNotification", payload])


def event2x(rng: Random, places: int) -> str:
    """A 2.x NotifyEvent of so many values."""
    now = "2026-01-01T00:00:00Z"
    data = [
        {
            "eventId": number,
            "timestamp": rng.choice([now, *TIMES]),
            "trigger": "Delta",
            "actualValue": rng.choice(["Available", "Occupied", "Faulted", "Nonsense"]),
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": "Connector", "evse": {"id": rng.randint(0, 255), "connectorId": rng.randint(0, 255)}},
            "variable": {"name": "AvailabilityState"},
        }
        for number in range(places)
    ]
    payload = {"generatedAt": now, "seqNo": 0, "tbc": False, "eventData": data}
    return json.dumps([2, rng.randbytes(4).hex(), "NotifyEvent", payload])


def frame(rng: Random) -> str | bytes:
    """Anything that a charger may send, and much that none may."""
    made: Sequence[Callable[[], str | bytes]] = (
        lambda: status16(rng),
        lambda: event2x(rng, rng.choice([1, 8, 255, 900])),
        lambda: "[" * 50_000,
        lambda: '[2,"1","Heartbeat",' + "9" * 6_000 + "]",
        lambda: json.dumps([2, "x" * 40, "Heartbeat", {}]),
        lambda: json.dumps([2, "1", ["Heartbeat"], {}]),
        lambda: json.dumps([3, "1", {"status": "nobody asked" * 99}]),
        lambda: "",
        lambda: "{}",
        lambda: rng.randbytes(rng.randint(1, 3_000)),
        lambda: json.dumps([2, "1", "BootNotification", {"chargePointVendor": "\u0000", "chargePointModel": "\ud800"}]),
    )
    return rng.choice(made)()


async def _talk(site: Site, charge_point_id: str, dialect: str, frames: Sequence[str | bytes]) -> None:
    """Sends all of them without waiting for an answer, then hears what comes."""
    address = f"{site.gateways[len(charge_point_id) % 2]}/{charge_point_id}"
    with suppress(OSError, TimeoutError, WebSocketException):
        async with (
            asyncio.timeout(WITHIN_S),
            connect(address, subprotocols=[Subprotocol(dialect)], **CLIENT) as socket,  # type: ignore[arg-type]
        ):
            for one in frames:
                await socket.send(one)
            await _heard(socket)


async def _heard(socket: ClientConnection) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            async for _ in socket:
                pass


async def frames(site: Site, rng: Random) -> None:
    """Every hostile charger sends a hundred odd frames, and some of them twice that of NotifyEvents."""
    await asyncio.gather(
        *(
            _talk(site, one, rng.choice(DIALECTS), [frame(rng) for _ in range(rng.randint(20, 60))])
            for one in FLEET
            for _ in range(3)
        )
    )


async def flood(site: Site, rng: Random) -> None:
    """2 MB of small pings or of Heartbeats from each of two chargers, as fast as they go."""
    ping = b"\x89\x80" + rng.randbytes(4)
    heartbeat = json.dumps([2, "1", "Heartbeat", {}])
    await asyncio.gather(
        *(_flood(site, one, rng.choice([ping, None]), heartbeat) for one in rng.sample(FLEET, 2)),
    )


async def _flood(site: Site, charge_point_id: str, raw: bytes | None, text: str) -> None:
    address = f"{site.gateways[0]}/{charge_point_id}"
    with suppress(OSError, TimeoutError, WebSocketException):
        async with (
            asyncio.timeout(WITHIN_S),
            connect(address, subprotocols=[Subprotocol("ocpp1.6")], **CLIENT) as socket,  # type: ignore[arg-type]
        ):
            if raw is not None:
                socket.transport.write(raw * (FLOOD_BYTES // len(raw)))
            else:
                for _ in range(FLOOD_BYTES // len(text)):
                    await socket.send(text)
            await _heard(socket)


async def handshakes(site: Site, rng: Random) -> None:
    """Sockets that say nothing or half a head, and wrong passwords whose senders do not wait for the answer."""
    port = int(site.gateways[0].split(":")[2].split("/")[0])
    writers = []
    for number in range(HALF_OPEN + WRONG):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writers.append(writer)
            writer.write(b"GET /ocpp/X HTTP/1.1\r\nHost: x\r\n" if number < HALF_OPEN else _wrong(rng))
    await asyncio.sleep(rng.uniform(1, 4))
    for writer in writers:
        writer.transport.abort()


def _wrong(rng: Random) -> bytes:
    credentials = base64.b64encode(f"{PASSWORDED}:{rng.randbytes(9).hex()}".encode()).decode()
    return (
        f"GET /ocpp/{PASSWORDED} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: ocpp1.6\r\nAuthorization: Basic {credentials}\r\n\r\n"
    ).encode()


async def poison(site: Site, rng: Random) -> None:
    """Records that no gateway writes, on every partition."""
    event = {
        "kind": "status_reported", "v": 1, "charge_point_id": "X", "charge_point_key": 1, "epoch": 1, "sequence": 1,
        "received_at": 1, "gateway_id": "x", "protocol": "ocpp1.6", "evse_id": 1, "connector_id": 1, "reported": "Y",
    }  # fmt: skip
    values = [
        b"", b"\x00\xff", b"{}", b"[" * 9_000, rng.randbytes(500), b"9" * 5_000,
        json.dumps(event | {"charge_point_key": -(2**70)}).encode(),
        json.dumps(event | {"charge_point_key": 2**70}).encode(),
        json.dumps(event | {"received_at": 2**62}).encode(),
        json.dumps(event | {"evse_id": 10**6, "reported": "\u0000"}).encode(),
        json.dumps(event | {"info": "x" * 900_000, "kind": "nothing"}).encode(),
    ]  # fmt: skip
    producer = AIOKafkaProducer(bootstrap_servers=site.stack.kafka_bootstrap_servers, max_request_size=2**20)
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(WITHIN_S), producer:
            for value in rng.sample(values, 4):
                await producer.send_and_wait(TOPIC, value, key=rng.choice([None, b"HOSTILE-1", b"\xff\xff"]))
