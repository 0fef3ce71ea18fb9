"""``RATE_LIMIT_PER_MINUTE``: a share for each token, and nothing for those who watch over us."""

from collections.abc import Callable
from ipaddress import ip_network

import pytest

from tests.integration.api.served import ADMIN, METRICS, READ, Api, bearer

from .test_problems import problem

HERE = "/v1/stations"


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def limited(build: Callable[..., Api], now: list[float]) -> Api:
    return build(requests_per_minute=6, clock=lambda: now[0])


async def test_a_token_that_asks_too_much_is_told_when_to_come_again(limited: Api, now: list[float]) -> None:
    for _ in range(6):
        assert (await limited.client.get(HERE)).status_code == 200
    refused = await limited.client.get(HERE)
    assert "wait" in problem(refused, 429).detail
    now[0] += int(refused.headers["Retry-After"])
    assert (await limited.client.get(HERE)).status_code == 200
    assert (await limited.client.get(HERE)).status_code == 429


@pytest.mark.parametrize("spelling", ["bearer {}", "Bearer   {}", "BEARER {} "])
async def test_another_spelling_of_the_header_is_no_other_token(limited: Api, spelling: str) -> None:
    for _ in range(6):
        await limited.client.get(HERE)
    headers = {"Authorization": spelling.format(ADMIN)}
    assert (await limited.client.get(HERE, headers=headers)).status_code == 429


async def test_tokens_do_not_share(limited: Api) -> None:
    for _ in range(7):
        last = await limited.client.get(HERE)
    assert last.status_code == 429
    assert (await limited.client.get(HERE, headers=bearer(READ))).status_code == 200
    assert (await limited.client.get(HERE, headers=bearer("guessed"))).status_code == 401


async def test_health_and_metrics_are_never_refused(limited: Api) -> None:
    for _ in range(20):
        for path in ("/livez", "/readyz", "/healthz", "/openapi.json"):
            assert (await limited.client.get(path)).status_code == 200
        assert (await limited.client.get("/metrics", headers=bearer(METRICS))).status_code == 200


async def test_it_is_off_by_default(api: Api) -> None:
    for _ in range(200):
        assert (await api.client.get("/v1/stations/none")).status_code == 404


def told(caplog: pytest.LogCaptureFixture) -> int:
    return sum("a wrong token" in record.message for record in caplog.records)


async def test_wrong_tokens_are_limited_and_a_right_one_of_the_same_address_passes(
    build: Callable[..., Api], now: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    api = build(wrong_tokens_per_minute=3, clock=lambda: now[0])
    for minute in (1, 2):
        for _ in range(3):
            problem(await api.client.get(HERE, headers=bearer("guessed")), 401)
        for guess in ("guessed", "again", "\t"):
            refused = await api.client.get(HERE, headers=bearer(guess))
            assert "wait" in problem(refused, 429).detail
        assert (await api.client.get(HERE)).status_code == 200
        assert (await api.client.get(HERE, headers={"Authorization": ""})).status_code == 401
        assert (await api.client.get("/livez", headers=bearer("guessed"))).status_code == 200
        assert told(caplog) == minute
        now[0] += int(refused.headers["Retry-After"])


@pytest.mark.parametrize("path", [HERE, "/metrics"])
async def test_behind_a_trusted_proxy_who_guesses_is_counted_and_not_the_proxy(
    build: Callable[..., Api], now: list[float], path: str
) -> None:
    def of(address: str) -> dict[str, str]:
        return {**bearer("guessed"), "X-Forwarded-For": f"198.51.100.1, {address}"}

    api = build(wrong_tokens_per_minute=3, clock=lambda: now[0], trusted_proxies=[ip_network("127.0.0.0/8")])
    statuses = [(await api.client.get(path, headers=of("203.0.113.7"))).status_code for _ in range(200)]
    assert statuses[0] == 401
    assert 429 in statuses
    assert (await api.client.get(path, headers=of("203.0.113.8"))).status_code == 401


async def test_wrong_tokens_at_metrics_are_limited_too(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    statuses = [(await api.client.get("/metrics", headers=bearer("guessed"))).status_code for _ in range(200)]
    assert statuses[0] == 401
    assert 429 in statuses
    assert (await api.client.get("/metrics", headers=bearer(METRICS))).status_code == 200
    assert 1 <= told(caplog) <= 2  # the minute may have changed
