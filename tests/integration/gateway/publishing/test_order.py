"""Events of a charge point: in order, under its key, on the partition that Kafka's default partitioner gives."""

import asyncio

import pytest
from aiokafka.partitioner import DefaultPartitioner

from shared.words.event import StatusReported
from tests.integration.gateway.charger import charging
from tests.integration.gateway.parts import Gateway, Ids, Inventory, Topic


async def test_statuses_of_many_chargers_are_each_in_order_and_once(
    gateway: Gateway, inventory: Inventory, ids: Ids, topic: Topic
) -> None:
    names = [next(ids) for _ in range(20)]
    for name in names:
        await inventory.add(name)
    infos = [str(n) for n in range(30)]

    async def report(name: str) -> None:
        async with charging(gateway, name) as charger:
            for info in infos:
                payload = {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "info": info}
                assert (await charger.call("StatusNotification", payload))[0] == 3

    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(report(name))
    every = await topic.records()
    for name in names:
        records = [record for record in every if record.event.charge_point_id == name]
        assert {record.key for record in records} == {name.encode()}
        assert {record.partition for record in records} == {DefaultPartitioner()(name.encode(), [0, 1, 2, 3], [])}
        assert [r.event.info for r in records if isinstance(r.event, StatusReported)] == infos
        assert [record.event.sequence for record in records] == list(range(len(records)))


async def test_calls_sent_without_waiting_are_answered_in_order(
    gateway: Gateway, charge_point: str, topic: Topic
) -> None:
    async with charging(gateway, charge_point) as charger:
        sent = []
        for n in range(50):
            payload = {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "info": str(n)}
            sent += [await charger.send("StatusNotification", payload), await charger.send("Heartbeat", {})]
        assert [(await charger.receive())[1] for _ in sent] == sent
    assert [event.info for event in await topic.events(charge_point, StatusReported)] == [str(n) for n in range(50)]


@pytest.mark.parametrize("entries", [1, 300])
async def test_a_frame_of_many_events_is_answered_once_after_all_are_durable(
    gateway: Gateway, charge_point: str, topic: Topic, entries: int
) -> None:
    event = {
        "timestamp": "2026-01-01T00:00:00Z",
        "trigger": "Delta",
        "actualValue": "Occupied",
        "eventNotificationType": "HardWiredNotification",
        "variable": {"name": "AvailabilityState"},
    }
    data = [
        event | {"eventId": n, "component": {"name": "Connector", "evse": {"id": n % 250, "connectorId": 1}}}
        for n in range(entries)
    ]
    async with charging(gateway, charge_point, "ocpp2.0.1") as charger:
        payload = {"generatedAt": "2026-01-01T00:00:00Z", "seqNo": 0, "eventData": data}
        assert (await charger.call("NotifyEvent", payload))[2] == {}
        reported = await topic.events(charge_point, StatusReported)
        assert [one.evse_id for one in reported] == [n % 250 for n in range(entries)]
        await charger.hears_nothing(for_s=0.5)
