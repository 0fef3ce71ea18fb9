"""Who is let in, and what the others are told, before the upgrade."""

import asyncio
import json
import ssl

import pytest
from websockets.frames import Frame, Opcode

from shared.words.event import SessionBegan
from tests.integration.gateway.charger import charging, status_of
from tests.integration.gateway.parts import Gateway, Inventory, Topic, eventually
from tests.integration.gateway.wire import OCPP16, UPGRADE, wired


@pytest.mark.parametrize(
    ("stored", "target"),
    [
        ("Plain", "/ocpp/Plain"),
        ("Shouted", "/ocpp/SHOUTED"),
        ("with space", "/ocpp/with%20space"),
        ("a|b", "/ocpp/a%7Cb"),
        ("a|c", "/ocpp/a|c"),
        ("100%", "/ocpp/100%25"),
        ("twice%20", "/ocpp/twice%2520"),
        ("Root", "/Root"),
        ("Deep", "/any/prefix/at/all/Deep"),
        ("Slash", "/ocpp/Slash/"),
        ("Query", "/ocpp/Query?token=1/2"),
        ("x" * 48, "/ocpp/" + "x" * 48),
    ],
)
async def test_the_last_path_segment_decoded_once_is_the_charge_point(
    gateway: Gateway, inventory: Inventory, topic: Topic, stored: str, target: str
) -> None:
    await inventory.add(stored)
    async with wired(gateway) as wire:
        assert (await wire.ask(target, OCPP16))[0] == 101
        records = await eventually(lambda: topic.records(stored))
    for record in records:  # more than one if the gateway's short lease lapsed meanwhile
        assert record.key == stored.encode()
        assert isinstance(record.event, SessionBegan)


@pytest.mark.parametrize(
    "target",
    ["/ocpp/nobody", "/", "/ocpp/", "/ocpp/a%2Fb", "/ocpp/a:b", "/ocpp/a%3Ab", "/ocpp/..", "/ocpp/caf%C3%A9",
     "/ocpp/a%00b", "/ocpp/%FF", "/ocpp/" + "x" * 49],
)  # fmt: skip
async def test_who_is_not_in_the_inventory_gets_404(gateway: Gateway, target: str) -> None:
    async with wired(gateway) as wire:
        status, head = await wire.ask(target, OCPP16)
        assert status == 404
        assert "connection: close" in head.lower()


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["ocpp1.6"], "ocpp1.6"),
        (["ocpp2.1, ocpp2.0.1, ocpp1.6"], "ocpp2.1"),
        (["ocpp1.6, ocpp2.1"], "ocpp1.6"),
        (["ocpp0.1,ocpp2.0.1"], "ocpp2.0.1"),
        (["ocpp0.1", "ocpp2.0", "ocpp2.0.1"], "ocpp2.0.1"),
    ],
)
async def test_the_chargers_first_protocol_that_we_know_is_spoken(
    gateway: Gateway, charge_point: str, offered: list[str], chosen: str
) -> None:
    async with wired(gateway) as wire:
        headers = [*UPGRADE, *(f"Sec-WebSocket-Protocol: {one}" for one in offered)]
        status, head = await wire.ask(f"/ocpp/{charge_point}", headers)
        assert status == 101
        assert f"sec-websocket-protocol: {chosen}\r\n" in head.lower()


@pytest.mark.parametrize("offered", [[], ["ocpp2.0"], ["OCPP1.6"], ["ocpp1.5, soap"]])
async def test_no_protocol_that_we_know_gets_400_and_no_upgrade(
    gateway: Gateway, charge_point: str, offered: list[str]
) -> None:
    async with wired(gateway) as wire:
        headers = [*UPGRADE, *(f"Sec-WebSocket-Protocol: {one}" for one in offered)]
        assert (await wire.ask(f"/ocpp/{charge_point}", headers))[0] == 400
        assert b"ocpp2.0.1" in await wire.end()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 426),
        ([header for header in OCPP16 if not header.startswith("Connection")], 426),
        ([header for header in OCPP16 if not header.startswith("Upgrade")], 426),
        ([header for header in OCPP16 if "Key" not in header], 400),
        ([*(header for header in OCPP16 if "Version" not in header), "Sec-WebSocket-Version: 8"], 400),
        ([*OCPP16, "X-Long: " + "x" * 10_000], 431),
        ([*OCPP16, *(f"X-{n}: y" for n in range(200))], 431),
    ],
    ids=["plain GET", "no Connection", "no Upgrade", "no key", "old version", "long header", "many headers"],
)
async def test_what_is_no_websocket_handshake_is_refused(
    gateway: Gateway, charge_point: str, headers: list[str], status: int
) -> None:
    async with wired(gateway) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", headers))[0] == status


async def test_a_target_that_is_too_long_is_refused(gateway: Gateway) -> None:
    async with wired(gateway) as wire:
        assert (await wire.ask("/" + "x" * 10_000, OCPP16))[0] == 414


@pytest.mark.parametrize(
    ("head", "status", "reason", "says"),
    [
        (b"POST /ocpp/CP HTTP/1.1\r\nHost: g\r\nContent-Length: 5\r\n\r\nhello", 405, "method", b"websocket"),
        (b"POST /ocpp/CP HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 405, "method", b"websocket"),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", 405, "method", b"websocket"),
        (b"GET /ocpp/CP HTTP/1.0\r\nHost: g\r\n\r\n", 426, "http_version", b"HTTP/1.1"),
        (b"GET /ocpp/CP HTTP/2.0\r\n\r\n", 426, "http_version", b"HTTP/1.1"),
        (b"GET /ocpp/CP HTTP/1.1\r\nHost: g\r\n\r\n", 426, "no_upgrade", b"WebSocket"),
        (b"GET /ocpp/CP HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 400, "bad_head", b"body"),
        (b"GET /ocpp/CP HTTP/1.1\nHost: g\n\n", 400, "bad_head", b"CRLF"),
        (b"GET /ocpp/\xe9 HTTP/1.1\r\n\r\n", 400, "bad_head", b"ascii"),
        (b"GET /ocpp/CP HTTP/1.1\r\nno colon\r\n\r\n", 400, "bad_head", b"header"),
        (b"HELO\r\n\r\n", 400, "bad_head", b"no HTTP request"),
        (b"\x00" * 100, 400, "not_http", b"not HTTP"),
        (b"\x10\x0d\x00\x04MQTT\x04", 400, "not_http", b"not HTTP"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 4_000, 431, "head_too_large", b"16384"),
        (b"GET /" + b"x" * 100_000, 431, "head_too_large", b"16384"),
    ],
)  # fmt: skip
async def test_who_does_not_speak_websocket_is_told_why_and_counted(
    gateway: Gateway, head: bytes, status: int, reason: str, says: bytes
) -> None:
    before = gateway.metric("plugwatch_gateway_bad_handshakes_total", reason=reason)
    async with wired(gateway) as wire:
        wire.writer.write(head)
        answer = await wire.end()
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert says in answer.partition(b"\r\n\r\n")[2]
    assert (b"\r\nallow: get\r\n" in answer.lower()) == (status == 405)
    assert (b"\r\nupgrade: websocket\r\n" in answer.lower()) == (status == 426)
    assert gateway.metric("plugwatch_gateway_bad_handshakes_total", reason=reason) == before + 1


async def test_a_head_that_comes_byte_by_byte_is_a_head(gateway: Gateway, charge_point: str) -> None:
    async with wired(gateway) as wire:
        for byte in "\r\n".join([f"GET /ocpp/{charge_point} HTTP/1.1", "Host: g", *OCPP16, "", ""]).encode():
            wire.writer.write(bytes([byte]))
            await wire.writer.drain()
        async with asyncio.timeout(5):
            assert (await wire.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")


async def test_a_tls_hello_is_closed_and_counted(gateway: Gateway) -> None:
    before = gateway.metric("plugwatch_gateway_bad_handshakes_total", reason="tls")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", gateway.port, ssl=ssl.create_default_context())
    assert gateway.metric("plugwatch_gateway_bad_handshakes_total", reason="tls") == before + 1


@pytest.mark.parametrize("frames", [1, 100])
async def test_frames_in_the_packet_of_the_handshake_are_answered(
    gateway: Gateway, charge_point: str, topic: Topic, frames: int
) -> None:
    texts = [json.dumps([2, f"m{n}", "StatusNotification", status_of("Charging")]).encode() for n in range(frames)]
    sent = b"".join(Frame(Opcode.TEXT, text).serialize(mask=True) for text in texts)
    async with wired(gateway) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16, then=sent))[0] == 101
        answers: list[list[object]] = []
        while len(answers) < frames:
            kind, data = await wire.frame()
            if kind == Opcode.TEXT:  # a ping may come between
                answers.append(json.loads(data)[:2])
        assert answers == [[3, f"m{n}"] for n in range(frames)]
    assert isinstance((await topic.events(charge_point))[0], SessionBegan)


async def test_a_request_that_never_ends_is_cut_off(gateway: Gateway) -> None:
    async with wired(gateway) as wire:
        before = gateway.metric("plugwatch_gateway_bad_handshakes_total", reason="timeout")
        wire.writer.write(b"GET /ocpp/CP HTTP/1.1\r\nHost: gate")
        assert await wire.end() == b""
    assert gateway.metric("plugwatch_gateway_bad_handshakes_total", reason="timeout") == before + 1


async def test_a_connection_that_says_nothing_is_cut_off(gateway: Gateway) -> None:
    async with wired(gateway) as wire:
        assert await wire.end() == b""


async def test_compression_is_used_where_it_is_switched_on(impatient: Gateway, charge_point: str) -> None:
    async with charging(impatient, charge_point, compression="deflate") as charger:
        assert [extension.name for extension in charger.socket.protocol.extensions] == ["permessage-deflate"]
        assert (await charger.call("Heartbeat", {}))[0] == 3
        assert (await charger.report("Available"))[2] == {}
        await charger.socket.send('[2,"m","Heartbeat",{}]' + " " * 10_000)  # small on the wire
        assert await charger.closed() == 1009
    async with charging(impatient, charge_point) as charger:
        assert (await charger.call("Heartbeat", {}))[0] == 3


async def test_a_compressing_gateway_takes_a_call_and_a_close_in_one_packet(
    impatient: Gateway, charge_point: str
) -> None:
    async with wired(impatient) as wire:
        headers = (*OCPP16, "Sec-WebSocket-Extensions: permessage-deflate")
        assert (await wire.ask(f"/ocpp/{charge_point}", headers))[0] == 101
        wire.send((Opcode.PING, b""), (Opcode.TEXT, b'[2,"h","Heartbeat",{}]'), (Opcode.CLOSE, b"\x03\xe8"))
        assert await wire.close_code() == 1000
        assert await wire.end() == b""
