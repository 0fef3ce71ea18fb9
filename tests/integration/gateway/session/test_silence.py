"""Timers of a connection: pings, silence, and a charger that does not read its answers."""

import asyncio
import json
import socket
from contextlib import suppress

from websockets.frames import Frame, Opcode

from shared.words.event import SessionEnded
from tests.integration.gateway.charger import status_of
from tests.integration.gateway.parts import Gateway, Topic, eventually
from tests.integration.gateway.wire import OCPP16, wired

HEARTBEAT = b'[2,"h","Heartbeat",{}]'


async def test_pings_come_and_answering_them_is_enough_to_stay(impatient: Gateway, charge_point: str) -> None:
    async with wired(impatient) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        for _ in range(6):  # longer than the silence allowed
            assert await wire.frame() == (Opcode.PING, b"")
            wire.send((Opcode.PONG, b""))
        wire.send((Opcode.TEXT, HEARTBEAT))
        assert (await wire.frame())[0] == Opcode.TEXT


async def test_who_answers_no_ping_but_talks_may_stay(impatient: Gateway, charge_point: str) -> None:
    async with wired(impatient) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        pings = 0
        while pings < 6:
            if (await wire.frame())[0] == Opcode.PING:
                pings += 1
                wire.send((Opcode.TEXT, HEARTBEAT))


async def test_silence_ends_the_session_says_so_and_cuts_off_who_ignores_it(
    impatient: Gateway, charge_point: str, topic: Topic
) -> None:
    async with wired(impatient) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        assert await wire.close_code() == 1001
        assert await wire.end() == b""
    (ended,) = await eventually(lambda: topic.events(charge_point, SessionEnded))
    assert ended.reason == "silent"
    assert 2_500 <= ended.received_at - ended.last_seen_at <= 10_000


async def test_who_answered_pings_and_then_misses_three_is_silent(
    gateway: Gateway, charge_point: str, topic: Topic
) -> None:
    async with wired(gateway) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        assert await wire.frame() == (Opcode.PING, b"")
        wire.send((Opcode.PONG, b""))
        assert await wire.close_code() == 1001
    (ended,) = await eventually(lambda: topic.events(charge_point, SessionEnded))
    assert ended.reason == "silent"


async def test_who_reads_no_answers_is_not_read_any_further(gateway: Gateway, charge_point: str) -> None:
    """Each status is answered when the broker acks it, and so are the frames behind it; answers are large here."""
    status = json.dumps([2, "small", "StatusNotification", status_of("Charging")]).encode()
    echoed = json.dumps([2, "x" * 250_000, "Heartbeat", {}]).encode()  # an id that is too long comes back in the error
    pair = b"".join(Frame(Opcode.TEXT, text).serialize(mask=True) for text in (status, echoed))
    pairs, loop = 120, asyncio.get_running_loop()
    to_send = memoryview(pair * pairs)
    request = "\r\n".join([f"GET /ocpp/{charge_point} HTTP/1.1", "Host: gateway", *OCPP16, "", ""]).encode()
    with socket.create_connection(("127.0.0.1", gateway.port)) as raw:
        raw.setblocking(False)
        await loop.sock_sendall(raw, request)
        assert (await loop.sock_recv(raw, 4096)).startswith(b"HTTP/1.1 101 ")

        async def took() -> bool:
            nonlocal to_send
            try:
                to_send = to_send[raw.send(to_send[:65_536]) :]
            except BlockingIOError:
                return False
            return bool(to_send)

        async def stuck() -> bool:
            try:
                await eventually(took, within_s=2)
            except AssertionError:
                return True
            return False

        while to_send and not await stuck():
            pass
        assert len(to_send) > len(pair) * pairs // 3

        received = bytearray()

        async def all_answered() -> bool:
            while await took():
                pass
            with suppress(BlockingIOError):
                while answer := raw.recv(1_000_000):
                    received.extend(answer)
            return received.count(b'"small"') == pairs if len(received) > pairs * 250_000 else False

        await eventually(all_answered)
