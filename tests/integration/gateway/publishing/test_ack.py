"""An answer follows the broker's ack of everything that the frame meant; what happens while the broker is away."""

import json
from contextlib import suppress

import pytest

from local.stack import Stack
from shared.words.event import SessionBegan, StatusReported
from tests.integration.gateway.charger import charging, refusal, status_of
from tests.integration.gateway.parts import Gateway, Ids, Inventory, Topic, eventually, no_broker
from tests.integration.gateway.wire import OCPP16, wired


async def test_an_answered_status_is_on_the_topic(gateway: Gateway, charge_point: str, topic: Topic) -> None:
    async with charging(gateway, charge_point) as charger:
        assert (await charger.report("Charging"))[2] == {}
        began, reported = await topic.events(charge_point)
    assert isinstance(began, SessionBegan)
    assert isinstance(reported, StatusReported)
    assert (reported.reported, reported.gateway_id, reported.protocol) == ("Charging", gateway.id, "ocpp1.6")
    assert (reported.epoch, reported.sequence) == (began.epoch, began.sequence + 1)


async def test_while_the_broker_is_away_a_status_waits_and_other_chargers_are_answered(
    impatient: Gateway, stack: Stack, inventory: Inventory, ids: Ids, topic: Topic
) -> None:
    waiting, idle = next(ids), next(ids)
    await inventory.add(waiting)
    await inventory.add(idle)
    async with charging(impatient, waiting) as one, charging(impatient, idle) as other:
        assert (await one.call("Heartbeat", {}))[0] == 3
        with no_broker(stack):
            assert (await one.call("Heartbeat", {}))[0] == 3
            sent = await one.send("StatusNotification", status_of("Faulted"))
            assert (await other.call("Heartbeat", {}))[0] == 3
            behind = await one.send("Heartbeat", {})
            # longer than the silence that this gateway allows: the deadline for reading is suspended
            await one.hears_nothing(for_s=4.5)
            assert (await other.call("Heartbeat", {}))[0] == 3
        assert (await one.receive())[:2] == [3, sent]
        assert (await one.receive())[:2] == [3, behind]
    (event,) = await topic.events(waiting, StatusReported)
    assert event.reported == "Faulted"


async def test_while_a_frame_waits_no_more_are_read_than_one(
    impatient: Gateway, stack: Stack, charge_point: str, topic: Topic
) -> None:
    status = json.dumps([2, "s", "StatusNotification", status_of("Charging")]).encode()
    frame = bytes([0x81, 0xFE]) + len(status).to_bytes(2, "big") + bytes(4) + status  # masked with zeros
    async with wired(impatient) as wire:
        assert (await wire.ask(f"/ocpp/{charge_point}", OCPP16))[0] == 101
        with no_broker(stack):
            wire.writer.write(frame * 100_000)  # 12 MB: more than socket buffers hold

            async def stuck() -> bool:
                before = wire.writer.transport.get_write_buffer_size()
                with suppress(TimeoutError):  # pings may come
                    await wire.frame(within_s=1)
                return 0 < wire.writer.transport.get_write_buffer_size() == before

            await eventually(stuck)
            assert wire.writer.transport.get_write_buffer_size() > 1_000_000
    reported = await eventually(lambda: topic.events(charge_point, StatusReported))
    assert len(reported) < 100_000


@pytest.mark.parametrize(
    ("protocol", "payload", "asked"),
    [
        ("ocpp1.6", status_of("Faulted"), "TriggerMessage"),
        ("ocpp2.0.1", {"timestamp": "2026-01-01T00:00:00Z", "connectorStatus": "Faulted", "evseId": 1,
                       "connectorId": 1}, "GetBaseReport"),
    ],
)  # fmt: skip
async def test_past_the_ack_deadline_the_charger_gets_an_error_and_is_asked_again_later(
    gateway: Gateway, stack: Stack, charge_point: str, protocol: str, payload: dict[str, object], asked: str
) -> None:
    async with charging(gateway, charge_point, protocol) as charger:
        assert (await charger.call("Heartbeat", {}))[0] == 3
        with no_broker(stack):
            kind, _, code, *_ = await charger.call("StatusNotification", payload)
            assert (kind, code) == (4, "InternalError")
            assert (await charger.call("Heartbeat", {}))[0] == 3
            await charger.hears_nothing(for_s=0.5)
        kind, message_id, action, request = await charger.receive()
        assert (kind, action) == (2, asked)
        if action == "TriggerMessage":
            assert request == {"requestedMessage": "StatusNotification", "connectorId": 1}
        await charger.socket.send(json.dumps([3, message_id, {"status": "Accepted"}]))
        assert (await charger.call("StatusNotification", payload))[0] == 3
        await charger.hears_nothing(for_s=0.5)


async def test_a_frame_that_was_given_up_is_never_acknowledged_late(
    gateway: Gateway, stack: Stack, charge_point: str, topic: Topic
) -> None:
    async with charging(gateway, charge_point) as charger:
        assert (await charger.report("Available"))[0] == 3
        with no_broker(stack):
            answers = [await charger.report("Faulted"), await charger.report("Charging")]
            assert [answer[0] for answer in answers] == [4, 4]
        frames = [await charger.receive()]
        assert (frames[0][0], frames[0][2]) == (2, "TriggerMessage")
        await charger.hears_nothing(for_s=0.5)
        assert (await charger.report("Finishing"))[0] == 3
    events = await topic.events(charge_point, StatusReported)
    assert events[0].reported == "Available"
    assert events[-1].reported == "Finishing"
    assert [event.sequence for event in events] == sorted({event.sequence for event in events})


async def test_a_gateway_with_too_much_waiting_for_the_broker_takes_no_new_sockets(
    impatient: Gateway, stack: Stack, charge_point: str
) -> None:
    with no_broker(stack):

        async def overloaded() -> bool:  # each session that comes and goes leaves two events
            return await refusal(impatient, charge_point) == 503

        await eventually(overloaded)

    async def welcome() -> bool:
        return await refusal(impatient, charge_point) == 101

    await eventually(welcome)
