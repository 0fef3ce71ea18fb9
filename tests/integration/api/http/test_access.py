"""Tokens at the door: every route of the application, whatever it is, is behind them."""

import re
from collections.abc import Callable

import pytest

from tests.integration.api.served import ADMIN, METRICS, READ, Api, bearer

OPEN = ("/livez", "/readyz", "/healthz", "/openapi.json", "/docs")
READS = (
    "/v1/stations",
    "/v1/stations/S1",
    "/v1/charge-points",
    "/v1/charge-points/CP1",
    "/v1/stats",
    "/v1/inbox",
    "/v1/export",
)
WRITES = (
    ("POST", "/v1/stations"),
    ("PATCH", "/v1/stations/S1"),
    ("DELETE", "/v1/stations/S1"),
    ("POST", "/v1/stations/S1/charge-points"),
    ("PATCH", "/v1/charge-points/CP1"),
    ("DELETE", "/v1/charge-points/CP1"),
    ("PUT", "/v1/stations/S1/availability"),
    ("PUT", "/v1/charge-points/CP1/availability"),
    ("PUT", "/v1/charge-points/CP1/connectors/1/1/availability"),
    ("POST", "/v1/charge-points/CP1/trigger"),
    ("POST", "/v1/charge-points/CP1/reset"),
    ("POST", "/v1/charge-points/CP1/unlock"),
    ("POST", "/v1/inbox/CP1/adopt"),
    ("DELETE", "/v1/inbox/CP1"),
    ("POST", "/v1/import"),
)


TICKETS = "/v1/stream/tickets"  #: a POST that changes nothing: who may read may follow


async def test_what_is_open_is_open_to_all(api: Api) -> None:
    for path in OPEN:
        assert (await api.client.get(path, headers={"Authorization": ""})).status_code == 200, path


async def test_every_route_there_is_wants_a_token_of_its_scope(api: Api) -> None:
    paths = (await api.client.get("/openapi.json")).json()["paths"]
    served = {(method.upper(), re.sub(r"{.*?}", "1", path)) for path, methods in paths.items() for method in methods}
    assert len(served) >= len(READS) + len(WRITES)
    for method, path in served:
        assert (await api.client.request(method, path, headers={"Authorization": ""})).status_code == 401, path
        assert (await api.client.request(method, path, headers=bearer(METRICS))).status_code == 403, path
        if method != "GET" and path != TICKETS:
            assert (await api.client.request(method, path, headers=bearer(READ))).status_code == 403, path


@pytest.mark.parametrize(
    ("token", "reads", "writes"), [(READ, 200, 403), (METRICS, 403, 403), ("guessed", 401, 401), ("", 401, 401)]
)
async def test_a_token_opens_what_its_scope_says(api: Api, token: str, reads: int, writes: int) -> None:
    await api.station("S1", "CP1")
    for path in READS:
        assert (await api.client.get(path, headers=bearer(token))).status_code == reads, path
    for method, path in WRITES:
        answer = await api.client.request(method, path, headers=bearer(token))
        assert answer.status_code == writes, path
        assert "WWW-Authenticate" in answer.headers


async def test_an_admin_token_opens_everything_under_v1(api: Api) -> None:
    await api.station("S1", "CP1")
    for path in READS:
        assert (await api.client.get(path, headers=bearer(ADMIN))).status_code == 200


@pytest.mark.parametrize(("token", "status"), [(METRICS, 200), (READ, 401), (ADMIN, 401), ("", 401)])
async def test_metrics_are_for_the_metrics_token_alone(api: Api, token: str, status: int) -> None:
    assert (await api.client.get("/metrics", headers=bearer(token))).status_code == status


@pytest.mark.parametrize("token", ["", "None", READ, ADMIN, METRICS])
async def test_no_token_set_means_closed(build: Callable[..., Api], token: str) -> None:
    api = build(tokens=False)
    for path in (*READS, "/metrics"):
        assert (await api.client.get(path, headers=bearer(token))).status_code == 401


async def test_a_reading_api_has_no_route_that_writes(build: Callable[..., Api]) -> None:
    api = build(mode="read")
    for method, path in WRITES:
        assert (await api.client.request(method, path)).status_code in (404, 405), (method, path)
    assert (await api.client.get("/v1/stations")).status_code == 200
    assert set((await api.client.get("/openapi.json")).json()["paths"]["/v1/stations"]) == {"get"}
