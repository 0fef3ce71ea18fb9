"""What operators and probes see of a gateway."""

import pytest

from local.stack import Stack
from tests.integration.gateway.charger import charging
from tests.integration.gateway.parts import METRICS_TOKEN, Gateway, Ids, Inventory, eventually, no_broker


def test_a_gateway_that_serves_is_alive_and_ready(gateway: Gateway) -> None:
    assert (gateway.admin("/livez").status_code, gateway.admin("/livez").json()) == (200, {"status": "ok"})
    for path in ("/readyz", "/healthz"):
        answer = gateway.admin(path)
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "ok",
            "dependencies": {"gateway": "ok", "kafka": "ok", "redis": "ok", "postgres": "ok"},
        }


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {METRICS_TOKEN}"}]
)
def test_metrics_need_their_token(gateway: Gateway, headers: dict[str, str]) -> None:
    answer = gateway.admin("/metrics", **headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "plugwatch_gateway" not in answer.text


def test_metrics_are_closed_while_no_token_is_set(suspicious: Gateway) -> None:
    for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": f"Bearer {METRICS_TOKEN}"}):
        assert suspicious.admin("/metrics", **headers).status_code == 401


async def test_metrics_tell_what_chargers_do_and_never_who_they_are(
    gateway: Gateway, inventory: Inventory, ids: Ids
) -> None:
    charge_point_id = "unmistakable-" + next(ids)
    await inventory.add(charge_point_id)

    async def counted(name: str, **labels: str) -> None:
        async def more() -> bool:
            return gateway.metric(name, **labels) > 0

        await eventually(more)

    async with charging(gateway, charge_point_id) as charger:
        await charger.report("Charging")
        await charger.call("NoSuchAction", {})
        await counted("plugwatch_gateway_connections", protocol="ocpp1.6")
        await counted("plugwatch_gateway_frames_total", action="StatusNotification")
        await counted("plugwatch_gateway_frames_total", action="<unknown>")
        await counted("plugwatch_gateway_call_errors_total", code="NotImplemented")
        await counted("plugwatch_gateway_events_total", kind="StatusReported")
        await counted("plugwatch_gateway_registry_charge_points")
    await counted("plugwatch_gateway_sessions_ended_total", reason="closed")
    text = gateway.admin("/metrics", Authorization=f"Bearer {METRICS_TOKEN}").text
    assert charge_point_id not in text


async def test_a_gateway_without_a_broker_is_not_ready_and_says_why(gateway: Gateway, stack: Stack) -> None:
    with no_broker(stack):

        async def unready() -> bool:
            return gateway.admin("/readyz").status_code == 503

        await eventually(unready)
        assert gateway.admin("/readyz").json()["dependencies"]["kafka"] == "unavailable"
        assert gateway.admin("/livez").status_code == 200

    async def ready() -> bool:
        return gateway.admin("/readyz").status_code == 200

    await eventually(ready)
