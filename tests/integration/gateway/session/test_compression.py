"""permessage-deflate: for OCPP 2.x without context takeover, and limits that hold for what comes out of it."""

import asyncio
import json
import time
import zlib

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from tests.integration.gateway.charger import Charger, charging
from tests.integration.gateway.conftest import Launch
from tests.integration.gateway.parts import Gateway, Ids, Inventory
from tests.integration.gateway.wire import UPGRADE, Wire, wired

OFFERS = [
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9",
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    "x-other, permessage-deflate; unknown=1, permessage-deflate",
]


def agreed(charger: Charger) -> list[str]:
    return [extension.name for extension in charger.socket.protocol.extensions]


@pytest.mark.parametrize("offered", [["ocpp2.0.1"], ["ocpp2.1"], ["ocpp0.1", "ocpp2.0.1", "ocpp1.6"]])
async def test_2x_compresses_without_context_takeover(gateway: Gateway, charge_point: str, offered: list[str]) -> None:
    async with charging(gateway, charge_point, *offered, compression="deflate") as charger:
        (extension,) = charger.socket.protocol.extensions
        assert isinstance(extension, PerMessageDeflate)
        assert extension.local_no_context_takeover
        assert extension.remote_no_context_takeover
        for _ in range(3):
            assert (await charger.call("Heartbeat", {}))[0] == 3


@pytest.mark.parametrize("offered", [["ocpp1.6"], ["ocpp1.6", "ocpp2.0.1"]])
async def test_1_6_does_not(gateway: Gateway, charge_point: str, offered: list[str]) -> None:
    async with charging(gateway, charge_point, *offered, compression="deflate") as charger:
        assert agreed(charger) == []
        assert (await charger.report("Available"))[0] == 3


@pytest.mark.parametrize(("setting", "version", "expected"), [("false", "ocpp2.0.1", 0), ("true", "ocpp1.6", 1)])
async def test_it_can_be_switched(launch: Launch, charge_point: str, setting: str, version: str, expected: int) -> None:
    gateway = launch(COMPRESSION=setting)
    async with charging(gateway, charge_point, version, compression="deflate") as charger:
        assert len(agreed(charger)) == expected
        assert (await charger.call("Heartbeat", {}))[0] == 3


@pytest.mark.parametrize("offer", OFFERS)
async def test_whatever_is_offered_works(gateway: Gateway, charge_point: str, offer: str) -> None:
    async with wired(gateway) as wire:
        headers = [*UPGRADE, "Sec-WebSocket-Protocol: ocpp2.0.1", f"Sec-WebSocket-Extensions: {offer}"]
        status, head = await wire.ask(f"/ocpp/{charge_point}", headers)
        assert status == 101
        assert "server_no_context_takeover" in head
        assert "client_no_context_takeover" in head
        send_deflated(wire, [b'[2,"1","Heartbeat",{}]'])
        _, data = await wire.frame()
        assert json.loads(data)[:2] == [3, "1"], "a short answer is not worth compressing"


def send_deflated(wire: Wire, parts: list[bytes]) -> None:
    """One message, a fragment a part, deflated."""
    deflate = zlib.compressobj(wbits=-9, level=9)
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        data = deflate.compress(part) + deflate.flush(zlib.Z_SYNC_FLUSH)
        opcode = Opcode.TEXT if number == 0 else Opcode.CONT
        send_marked(wire, Frame(opcode, data[:-4] if is_last else data, fin=is_last), is_deflated=number == 0)


def send_marked(wire: Wire, frame: Frame, *, is_deflated: bool) -> None:
    """A frame, its first reserved bit (RFC 7692 §6) set or not."""
    first, *rest = frame.serialize(mask=True)
    wire.writer.write(bytes((first | 0x40 * is_deflated, *rest)))


@pytest.mark.parametrize(
    "parts",
    [
        [b" " * 50_000_000],
        [b" " * 262_145],
        [b" " * 262_144, b" "],
        [b" " * 262_144, b" " * 50_000_000],
        [b" " * 100_000] * 3,
    ],
    ids=["huge", "one too many", "one in a second fragment", "huge second fragment", "together"],
)
async def test_what_inflates_beyond_the_limit_is_refused_and_costs_others_nothing(
    gateway: Gateway, inventory: Inventory, ids: Ids, parts: list[bytes]
) -> None:
    attacker, good = next(ids), next(ids)
    for name in (attacker, good):
        await inventory.add(name)
    async with charging(gateway, good) as charger, wired(gateway) as wire:
        headers = [*UPGRADE, "Sec-WebSocket-Protocol: ocpp2.0.1", f"Sec-WebSocket-Extensions: {OFFERS[0]}"]
        assert (await wire.ask(f"/ocpp/{attacker}", headers))[0] == 101
        send_deflated(wire, parts)
        started = time.monotonic()
        assert (await charger.call("Heartbeat", {}))[0] == 3
        assert time.monotonic() - started < 1
        assert await wire.close_code() == 1009


async def test_garbage_for_deflate_closes_only_its_sender(gateway: Gateway, charge_point: str) -> None:
    async with wired(gateway) as wire:
        headers = [*UPGRADE, "Sec-WebSocket-Protocol: ocpp2.0.1", f"Sec-WebSocket-Extensions: {OFFERS[0]}"]
        assert (await wire.ask(f"/ocpp/{charge_point}", headers))[0] == 101
        send_marked(wire, Frame(Opcode.TEXT, b"\xff" * 40), is_deflated=True)
        assert await wire.close_code() == 1002
    async with asyncio.timeout(5), charging(gateway, charge_point) as charger:
        assert (await charger.call("Heartbeat", {}))[0] == 3
