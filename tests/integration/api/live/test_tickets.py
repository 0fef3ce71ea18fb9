"""Tickets: a stream is opened once by what stands in a URL, within a minute, at any replica, for reading."""

import hashlib
from collections.abc import Callable
from datetime import datetime

import pytest
from redis.asyncio import Redis

from api.live import tickets
from shared.stores import redis_client
from shared.stores.hot import HotCopy
from tests.integration.api.http.test_problems import problem
from tests.integration.api.live.streams import listening, publish, served, settled
from tests.integration.api.served import METRICS, READ, Api, bearer, eventually

PATH = "/v1/stream/tickets"
OTHER = "other-read-token-of-tests"


async def ticket(api: Api) -> str:
    made = await api.client.post(PATH, headers=bearer(READ))
    assert made.status_code == 201, made.text
    assert made.headers["Cache-Control"] == "no-store"
    return str(made.json()["ticket"])


async def test_a_ticket_opens_one_stream_at_any_replica(
    build: Callable[..., Api], api: Api, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    made = await ticket(build())
    caplog.set_level("DEBUG", "plugwatch")
    async with listening(port, f"?ticket={made}", token="") as listener:
        assert listener.status == 200
        await publish(api.copy, 1)
        await listener.until(lambda one: len(one.told) == 1)
        async with listening(port, f"?ticket={made}", token="") as again:
            assert again.status == 401
            assert b"www-authenticate" in again.head.lower()
    assert made not in caplog.text


async def test_a_ticket_resumes_where_the_query_says(api: Api, port: int) -> None:
    await publish(api.copy, 1)
    await settled(api)
    async with listening(port) as listener:
        at = listener.last_id
    missed = await publish(api.copy, 2)
    async with listening(port, f"?ticket={await ticket(api)}&last_event_id={at}", token="") as listener:
        await listener.until(lambda one: len(one.told) == 2)
        assert listener.revisions == missed


async def test_a_ticket_expires_after_a_minute_and_lies_in_redis_as_its_digest(api: Api, redis: Redis) -> None:
    made = (await api.client.post(PATH)).json()
    (key,) = [one.decode() async for one in redis.scan_iter("plugwatch:ticket:*")]
    assert made["ticket"] not in key
    assert 55 < await redis.ttl(key) <= tickets.LIVES_S == 60
    assert 55 < datetime.fromisoformat(made["expires_at"]).timestamp() - (await redis.time())[0] < 65
    await redis.pexpire(key, 1)

    async def is_gone() -> bool:
        return not await redis.exists(key)

    await eventually(is_gone)
    async with served(api) as port, listening(port, f"?ticket={made['ticket']}", token="") as listener:
        assert listener.status == 401


@pytest.mark.parametrize("given", ["", "nonsense", "%00", "%ff", "x" * 1000, READ])
async def test_what_is_no_ticket_is_refused(port: int, given: str) -> None:
    async with listening(port, f"?ticket={given}", token="") as listener:
        assert listener.status == 401


async def test_a_ticket_opens_nothing_but_the_stream(api: Api) -> None:
    made = await ticket(api)
    for method, path in (("GET", "stations"), ("GET", "board"), ("HEAD", "stream"), ("POST", "stream/tickets")):
        refused = await api.client.request(method, f"/v1/{path}?ticket={made}", headers={"Authorization": ""})
        assert refused.status_code == 401, path


async def test_who_may_read_may_make_one_in_read_mode_too(build: Callable[..., Api], api: Api) -> None:
    assert (await api.client.post(PATH, headers=bearer(METRICS))).status_code == 403
    assert (await api.client.post(PATH, headers=bearer("guessed"))).status_code == 401
    await ticket(build(mode="read"))


async def test_a_ticket_is_none_any_more_once_its_token_was_taken_back(build: Callable[..., Api], api: Api) -> None:
    opened = {}
    for token in (READ, OTHER):
        made = await build(read=(READ, OTHER)).client.post(PATH, headers=bearer(token))
        query = f"?ticket={made.json()['ticket']}"
        async with served(build(read=(OTHER,))) as port, listening(port, query, token="") as listener:
            opened[token] = listener.status
    assert opened == {READ: 401, OTHER: 200}


async def test_a_ticket_lies_in_redis_without_its_token(api: Api, redis: Redis) -> None:
    await ticket(api)
    (key,) = [one async for one in redis.scan_iter("plugwatch:ticket:*")]
    kept = await redis.get(key)
    assert isinstance(kept, bytes)
    assert len(kept) == 32
    assert kept != hashlib.sha256(READ.encode()).digest()


@pytest.mark.parametrize("token", ["wall:screen-token-of-tests", "screen-token-of-tests"])
async def test_a_stream_by_ticket_takes_of_the_share_of_its_token(build: Callable[..., Api], token: str) -> None:
    api = build(read=("wall:screen-token-of-tests",), requests_per_minute=3, clock=lambda: 0.0)
    made = (await api.client.post(PATH, headers=bearer(token))).json()["ticket"]
    async with served(api) as port, listening(port, f"?ticket={made}", token="") as listener:
        assert listener.status == 200
    statuses = [
        (await api.client.get("/v1/stations", headers=bearer(one))).status_code
        for one in ("wall:screen-token-of-tests", "screen-token-of-tests")
    ]
    assert statuses == [200, 429]


async def test_a_stream_by_ticket_over_the_share_is_refused(build: Callable[..., Api]) -> None:
    api = build(requests_per_minute=2, clock=lambda: 0.0)
    made = [(await api.client.post(PATH, headers=bearer(READ))).json()["ticket"] for _ in range(2)]
    for one in made:
        refused = await api.client.get(f"/v1/stream?ticket={one}", headers={"Authorization": ""})
        assert problem(refused, 429).type == "/problems/too-many-requests"


async def test_the_answer_says_from_where_nothing_is_missed(api: Api, port: int) -> None:
    await publish(api.copy, 1)
    await settled(api)
    made = await api.client.post(PATH)
    assert made.headers["Plugwatch-Stream-Id"] == await api.copy.changes.newest()


async def test_guessed_tickets_are_limited_as_wrong_tokens_are(build: Callable[..., Api]) -> None:
    client, statuses = build(wrong_tokens_per_minute=3).client, []
    for n in range(5):
        guessed = await client.get(f"/v1/stream?ticket=guess{n}", headers={"Authorization": ""})
        statuses.append(guessed.status_code)
    assert statuses == [401, 401, 401, 429, 429]


async def test_while_redis_is_away_the_answer_says_so(build: Callable[..., Api]) -> None:
    async with redis_client.client("redis://127.0.0.1:1/0") as away:
        client = build(copy=HotCopy(away, stream_length=10)).client
        opened = await client.get("/v1/stream?ticket=any", headers={"Authorization": ""})
        for answer in (await client.post(PATH), opened):
            assert answer.status_code == 503
            assert "Redis" in answer.json()["detail"]
            assert answer.headers["Retry-After"]
