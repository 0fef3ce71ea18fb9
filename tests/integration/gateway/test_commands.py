"""Commands of other processes to a charger that is here, and how their answers are counted."""

import json

import pytest
from redis.asyncio import Redis

from local.stack import Stack
from shared.words import gateways
from shared.words.gateways import Ask
from tests.integration.gateway.charger import charging
from tests.integration.gateway.parts import Gateway, Ids, Inventory, eventually


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ([3, {"status": "Rejected"}], "Rejected"),
        ([3, {"status": "CP-4711 says no"}], "other"),
        ([3, {"status": "x" * 100_000}], "other"),
        ([3, {}], "error"),
        ([4, "CP-4711", "no", {}], "error"),
    ],
)
async def test_a_chargers_own_word_is_no_metric_label(
    gateway: Gateway, stack: Stack, inventory: Inventory, ids: Ids, answer: list[object], result: str
) -> None:
    name = next(ids)
    key = await inventory.add(name)
    labels = {"command": "Reset", "result": result}
    before = gateway.metric("plugwatch_gateway_commands_total", **labels)
    async with charging(gateway, name) as charger, Redis.from_url(stack.redis_url) as redis:
        assert (await charger.call("Heartbeat", {}))[0] == 3
        ask = Ask(id="1", reply_to="nobody", charge_point_key=key, what="reset", argument="graceful")
        await redis.publish(gateways.channel(gateway.id), gateways.encode(ask))
        kind, message_id, action, _ = await charger.receive()
        assert (kind, action) == (2, "Reset")
        await charger.socket.send(json.dumps([answer[0], message_id, *answer[1:]]))

        async def counted() -> bool:
            return gateway.metric("plugwatch_gateway_commands_total", **labels) == before + 1

        await eventually(counted)
    text = gateway.admin("/metrics", Authorization="Bearer metrics-token").text
    assert "4711" not in text
