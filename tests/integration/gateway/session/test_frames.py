"""Single frames: what is too large, not text, not UTF-8, in pieces, or garbage costs its sender alone."""

import json

import pytest
from websockets.frames import Opcode

from shared.words.event import StatusReported
from tests.integration.gateway.charger import charging, status_of
from tests.integration.gateway.parts import Gateway, Topic, eventually
from tests.integration.gateway.wire import OCPP16, UPGRADE, wired

HEARTBEAT = json.dumps([2, "h", "Heartbeat", {}]).encode()
MAX_MESSAGE_BYTES = 4096  # of the impatient gateway


@pytest.mark.parametrize(
    ("opcode", "data", "code"),
    [
        (Opcode.TEXT, b"x" * (MAX_MESSAGE_BYTES + 1), 1009),
        (Opcode.BINARY, HEARTBEAT, 1003),
        (Opcode.TEXT, b'[2,"h","Heartbeat",{"\xff":1}]', 1007),
        (Opcode.CONT, HEARTBEAT, 1002),
    ],
    ids=["too large", "binary", "not UTF-8", "continues nothing"],
)
async def test_a_frame_that_is_no_text_of_the_allowed_size_closes_its_socket(
    impatient: Gateway, charge_point: str, opcode: Opcode, data: bytes, code: int
) -> None:
    async with wired(impatient) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        wire.send((opcode, data))
        assert await wire.close_code() == code
        assert await wire.end() == b""


async def test_a_message_of_the_largest_size_is_answered(impatient: Gateway, charge_point: str) -> None:
    async with charging(impatient, charge_point) as charger:
        frame = '[2,"m","Heartbeat",{}]'
        await charger.socket.send(frame + " " * (MAX_MESSAGE_BYTES - len(frame)))
        assert (await charger.receive())[:2] == [3, "m"]


async def test_fragments_together_larger_than_allowed_close_the_socket(impatient: Gateway, charge_point: str) -> None:
    async with wired(impatient) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        wire.send((Opcode.TEXT, b" " * 3000), fin=False)
        wire.send((Opcode.CONT, b" " * 3000), fin=False)
        assert await wire.close_code() == 1009


async def test_a_text_in_fragments_with_a_ping_between_them_is_one_frame(impatient: Gateway, charge_point: str) -> None:
    text = '[2,"é","Heartbeat",{}]'.encode()
    async with wired(impatient) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        wire.send((Opcode.TEXT, text[:5]), fin=False)  # cut inside the two bytes of é
        wire.send((Opcode.PING, b"still here"))
        wire.send((Opcode.CONT, b""), (Opcode.CONT, text[5:8]), fin=False)
        wire.send((Opcode.CONT, text[8:]))
        assert await wire.frame() == (Opcode.PONG, b"still here")
        opcode, answer = await wire.frame()
        assert opcode == Opcode.TEXT
        assert json.loads(answer)[:2] == [3, "é"]


async def test_binary_fragments_are_refused_when_they_are_whole(impatient: Gateway, charge_point: str) -> None:
    async with wired(impatient) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        wire.send((Opcode.BINARY, HEARTBEAT[:5]), fin=False)
        wire.send((Opcode.CONT, HEARTBEAT[5:]))
        assert await wire.close_code() == 1003


async def test_a_ping_is_answered_with_its_data(impatient: Gateway, charge_point: str) -> None:
    async with charging(impatient, charge_point) as charger:
        await (await charger.socket.ping(b"are you there"))


async def test_a_call_and_a_close_in_one_packet_end_in_a_clean_close(impatient: Gateway, charge_point: str) -> None:
    async with wired(impatient) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        wire.send((Opcode.TEXT, HEARTBEAT), (Opcode.CLOSE, b"\x03\xe8"))
        assert await wire.close_code() == 1000
        assert await wire.end() == b""


async def test_a_status_and_a_close_in_one_packet_are_stored_and_closed(
    impatient: Gateway, charge_point: str, topic: Topic
) -> None:
    async with wired(impatient) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        status = json.dumps([2, "s", "StatusNotification", status_of("Charging")]).encode()
        wire.send((Opcode.TEXT, status), (Opcode.TEXT, HEARTBEAT), (Opcode.CLOSE, b"\x03\xe8"))
        assert await wire.close_code() == 1000
        assert await wire.end() == b""
    (event,) = await eventually(lambda: topic.events(charge_point, StatusReported))
    assert event.reported == "Charging"


async def test_garbage_behind_a_call_closes_with_a_protocol_error(impatient: Gateway, charge_point: str) -> None:
    async with wired(impatient) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        wire.send((Opcode.TEXT, HEARTBEAT), (Opcode.CONT, b"garbage"))
        assert await wire.close_code() == 1002


@pytest.mark.parametrize("headers", [OCPP16, UPGRADE], ids=["handshake", "bad handshake"])
@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.CLOSE, Opcode.PING, Opcode.CONT])
async def test_frames_before_the_handshake_is_answered_cost_their_sender_alone(
    impatient: Gateway, charge_point: str, opcode: Opcode, headers: tuple[str, ...]
) -> None:
    async with charging(impatient, charge_point) as charger, wired(impatient) as wire:
        wire.writer.write("\r\n".join(["GET /ocpp/a%2Fb HTTP/1.1", "Host: gateway", *headers, "", ""]).encode())
        wire.send((opcode, b""))
        assert (await charger.call("Heartbeat", {}))[0] == 3


async def test_garbage_frames_cost_only_their_sender(impatient: Gateway, charge_point: str) -> None:
    garbage = ["", "{", "null", "[]", "[2]", "[9,1]", '[2,"x","Heartbeat"]', "[" * 2000, '[3,"x",{}]', "\x00", "1e999"]
    async with charging(impatient, charge_point) as charger:
        for text in garbage:
            await charger.socket.send(text)
        await charger.send("Heartbeat", {})
        answers = [await charger.receive()]
        while answers[-1][0] != 3:
            answers.append(await charger.receive())
        assert {answer[0] for answer in answers[:-1]} <= {4}


async def test_frames_of_many_bytes_each_are_put_together(impatient: Gateway, charge_point: str) -> None:
    async with wired(impatient) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        for n, byte in enumerate(HEARTBEAT):
            opcode = Opcode.CONT if n else Opcode.TEXT
            wire.send((opcode, bytes([byte])), fin=n == len(HEARTBEAT) - 1)
        kind, answer = await wire.frame()
        assert (kind, json.loads(answer)[:2]) == (Opcode.TEXT, [3, "h"])
