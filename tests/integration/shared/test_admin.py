"""The four routes of every process: open to connections when ``serving`` says so, and whole in what they refuse."""

import httpx
from prometheus_client import CollectorRegistry

from shared.http.server import serving
from shared.process import admin


async def ready() -> tuple[bool, dict[str, str]]:
    return True, {}


async def test_serving_begins_when_connections_are_accepted() -> None:
    application = admin.application(ready, CollectorRegistry(), ())
    for _ in range(20):
        async with serving(application, "127.0.0.1", 0) as port, httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/livez")).status_code == 200


async def test_metrics_without_a_token_are_a_whole_problem() -> None:
    application = admin.application(ready, CollectorRegistry(), ())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://test") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert list(body) == ["type", "title", "status", "detail", "instance", "request_id", "errors"]
    assert (body["instance"], body["errors"]) == ("/metrics", [])
    assert body["request_id"]
