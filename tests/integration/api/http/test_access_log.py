"""``ACCESS_LOG``: a line a request, without what must not be in a log; and metrics of what is refused at the door."""

import logging
import re
from collections.abc import Callable

import pytest

from tests.integration.api.served import METRICS, READ, Api, bearer

LOGGER = "plugwatch.api.access"


async def test_each_request_has_a_line_with_its_route_and_token(
    build: Callable[..., Api], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    api = build(access_log=True, admin=("field-team:s3cret-1-of-tests",))
    token = bearer("s3cret-1-of-tests")
    await api.client.get("/v1/stations/S-secret", headers={**token, "X-Request-ID": "r1"})
    await api.client.get("/v1/stations?q=S-secret", headers=bearer(READ))
    await api.client.get("/v1/stations/S-secret?ticket=S-secret", headers=token)
    await api.client.post("/v1/stations/S-secret/charge-points", headers=bearer("S-secret"), json={"id": "S-secret"})
    await api.client.get("/S-secret")
    lines = [vars(record) for record in caplog.records if record.name == LOGGER]
    told = [(line["method"], line["route"], line["status"], line["token"]) for line in lines]
    assert told == [
        ("GET", "/v1/stations/{station_id}", 404, "field-team"),
        ("GET", "/v1/stations", 200, "read"),
        ("GET", "/v1/stations/{station_id}", 422, "field-team"),
        ("POST", "/v1/stations/{station_id}/charge-points", 401, None),
        ("GET", "<unmatched>", 404, None),
    ]
    assert lines[0]["request_id"] == "r1"
    assert all(line["ms"] >= 0 for line in lines)
    assert not any(secret in str(lines) for secret in ("S-secret", "s3cret", READ))


async def test_it_is_off_by_default(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    await api.client.get("/v1/stations")
    assert not [record for record in caplog.records if record.name == LOGGER]


@pytest.mark.parametrize(
    ("method", "path", "token", "route", "status"),
    [
        ("GET", "/v1/stations/S1", "guessed", "/v1/stations/{station_id}", 401),
        ("GET", "/v1/stations", "", "/v1/stations", 401),
        ("DELETE", "/v1/charge-points/CP1", READ, "/v1/charge-points/{charge_point_id}", 403),
        ("GET", "/v1/stations?no=1", READ, "/v1/stations", 422),
        ("GET", "/v1/guessed", "guessed", "<unmatched>", 401),
    ],
)
async def test_what_is_refused_at_the_door_counts_under_its_route(
    api: Api, method: str, path: str, token: str, route: str, status: int
) -> None:
    await api.client.request(method, path, headers=bearer(token))
    metrics = (await api.client.get("/metrics", headers=bearer(METRICS))).text
    labels = f'{{method="{method}",route="{route}",status="{status}"}}'
    assert f"plugwatch_api_requests_total{labels} 1.0" in metrics


async def test_no_path_that_needs_no_token_makes_labels_or_lines_of_its_own(
    build: Callable[..., Api], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    api = build(public_status=True, access_log=True)
    templates = [
        re.sub(r"{[^}]+}", "S-secret%0a", path)
        for route in api.app.routes
        if (path := getattr(route, "path", "")) and not path.startswith("/v1")
    ]
    for path in [*templates, "/problems/S-secret%0a", "/status/S-secret%0a", "/docs/S-secret%0a", "/board/S-secret%0a"]:
        await api.client.get(path, headers={"Authorization": ""})
    metrics = (await api.client.get("/metrics", headers=bearer(METRICS))).text
    assert "S-secret" not in metrics
    assert not any("S-secret" in str(vars(record)) for record in caplog.records if record.name == LOGGER)
    assert 'route="/problems/{name}",status="404"' in metrics
