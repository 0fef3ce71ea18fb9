"""``Idempotency-Key``: what is sent again is answered again, and nothing is done twice."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from api.commands import commands
from api.inventory import idempotency
from tests.integration.api.operated import Ingest, new_id, plugged
from tests.integration.api.served import ADMIN, Api, bearer, eventually

from .test_problems import problem

OTHER = "other-admin-token-of-tests"
CSV = {"content": "station_id,station_name,charge_point_id\nS7,N,CP7\n", "headers": {"Content-Type": "text/csv"}}
POSTS: list[tuple[str, dict[str, Any]]] = [
    ("/v1/stations", {"json": {"id": "S2", "name": "A"}}),
    ("/v1/stations", {"json": {"name": "generated id"}}),
    ("/v1/stations/S1/charge-points", {"json": {"id": "CP 2"}}),
    ("/v1/inbox/KNOCK/adopt", {"json": {"station_id": "S1"}}),
    ("/v1/charge-points/CP1/replace", {"json": {}}),
    ("/v1/import", CSV),
]


@pytest.fixture
async def ready(api: Api) -> Api:
    await api.station("S1", "CP1")
    await api.pool.execute("INSERT INTO unknown_charge_points (folded_id, id, status) VALUES ('knock', 'Knock', 404)")
    return api


async def post(api: Api, path: str, what: dict[str, Any], key: str = "k1", **headers: str) -> httpx.Response:
    return await api.client.post(
        path, **what | {"headers": what.get("headers", {}) | {"Idempotency-Key": key} | headers}
    )


async def claimed(api: Api) -> bool:
    """Whether a request has begun under a key within the last minute."""
    recent = "SELECT EXISTS (SELECT FROM idempotency WHERE begun_at > now() - interval '1 minute')"
    return bool(await api.pool.fetchval(recent))


@contextlib.asynccontextmanager
async def under_way(api: Api, what: dict[str, Any]) -> AsyncIterator["asyncio.Task[httpx.Response]"]:
    """A charge point is created at S1, whose row somebody else holds while the block runs."""
    async with api.pool.acquire() as slow, slow.transaction():
        await slow.execute("SELECT FROM stations WHERE id = 'S1' FOR UPDATE")
        task = asyncio.create_task(post(api, "/v1/stations/S1/charge-points", what))
        await eventually(lambda: claimed(api))
        yield task


async def audited(api: Api) -> int:
    found: int = await api.pool.fetchval("SELECT count(*) FROM audit")
    return found


@pytest.mark.parametrize(("path", "what"), POSTS)
async def test_the_same_request_has_the_same_answer_and_is_done_once(
    ready: Api, path: str, what: dict[str, Any]
) -> None:
    first = await post(ready, path, what)
    assert first.is_success, first.text
    assert "Idempotency-Replayed" not in first.headers
    before = await audited(ready)
    for _ in range(2):
        again = await post(ready, path, what)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        for name in ("Location", "ETag", "Content-Type"):
            assert again.headers.get(name) == first.headers.get(name)
        assert again.headers["Idempotency-Replayed"] == "true"
    assert await audited(ready) == before


@pytest.mark.parametrize(("path", "what"), POSTS)
async def test_a_key_of_another_request_is_refused(ready: Api, path: str, what: dict[str, Any]) -> None:
    assert (await post(ready, path, what)).is_success
    before = await audited(ready)
    refused = await post(ready, "/v1/stations", {"json": {"id": "S9", "name": "B"}})
    assert problem(refused, 422).type == "/problems/key-reused"
    assert await audited(ready) == before
    assert (await post(ready, "/v1/stations", {"json": {"id": "S9", "name": "B"}}, key="k2")).status_code == 201


async def test_path_and_query_belong_to_the_request(ready: Api) -> None:
    assert (await post(ready, "/v1/import?dry_run=true", CSV)).is_success
    assert (await post(ready, "/v1/import", CSV)).status_code == 422
    assert await ready.pool.fetchval("SELECT count(*) FROM stations WHERE id = 'S7'") == 0


async def test_a_key_is_of_its_token(build: Callable[..., Api]) -> None:
    api = build(admin=(ADMIN, OTHER))
    body = {"json": {"name": "A"}}
    first = await post(api, "/v1/stations", body)
    other = await post(api, "/v1/stations", body, **bearer(OTHER))
    assert other.status_code == 201
    assert other.json()["id"] != first.json()["id"]


async def test_many_at_once_are_one(ready: Api) -> None:
    answers = await asyncio.gather(*(post(ready, "/v1/stations", {"json": {"name": "A"}}) for _ in range(12)))
    done = [one for one in answers if one.status_code == 201]
    assert done
    assert len({one.json()["id"] for one in done}) == 1
    for one in answers:
        if one.status_code != 201:
            assert problem(one, 409).type == "/problems/in-progress"
            assert int(one.headers["Retry-After"]) >= 1
    assert await ready.pool.fetchval("SELECT count(*) FROM stations WHERE name = 'A'") == 1


async def test_one_that_is_under_way_says_so(ready: Api) -> None:
    body = {"json": {"id": "CP2"}}
    async with under_way(ready, body) as first:
        second = await post(ready, "/v1/stations/S1/charge-points", body)
        assert problem(second, 409).type == "/problems/in-progress"
    assert (await first).status_code == 201
    assert (await post(ready, "/v1/stations/S1/charge-points", body)).content == (await first).content


async def test_a_refusal_is_not_kept(ready: Api) -> None:
    body = {"json": {"id": "CP2"}}
    assert (await post(ready, "/v1/stations/S2/charge-points", body)).status_code == 404
    await ready.station("S2")
    assert (await post(ready, "/v1/stations/S2/charge-points", body)).status_code == 201


async def test_the_answer_is_in_the_transaction_of_the_write(ready: Api) -> None:
    """Neither without the other: the write fails when its answer cannot be kept."""
    await ready.pool.execute("ALTER TABLE idempotency ADD CONSTRAINT none CHECK (status IS NULL)")
    try:
        failed = await post(ready, "/v1/stations", {"json": {"id": "S2", "name": "A"}})
        assert failed.status_code == 500
        assert await ready.pool.fetchval("SELECT count(*) FROM stations WHERE id = 'S2'") == 0
    finally:
        await ready.pool.execute("ALTER TABLE idempotency DROP CONSTRAINT none")
    assert (await post(ready, "/v1/stations", {"json": {"id": "S2", "name": "A"}})).status_code == 201


async def test_who_died_in_the_middle_blocks_for_a_minute_and_can_write_no_more(ready: Api) -> None:
    body = {"json": {"id": "CP2"}}
    async with under_way(ready, body) as stuck:
        await ready.pool.execute("UPDATE idempotency SET begun_at = begun_at - interval '61 seconds'")
        other = asyncio.create_task(post(ready, "/v1/stations/S1/charge-points", body))
        await eventually(lambda: claimed(ready))
    assert sorted(one.status_code for one in await asyncio.gather(stuck, other)) == [201, 409]
    assert (await other).status_code == 201
    assert (await post(ready, "/v1/stations/S1/charge-points", body)).content == (await other).content
    assert await ready.pool.fetchval("SELECT count(*) FROM charge_points WHERE id = 'CP2'") == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/stations/S1/charge-points", {"id": "CP2", "generate_password": True}),
        ("/v1/inbox/KNOCK/adopt", {"station_id": "S1", "generate_password": True}),
        ("/v1/charge-points/CP1/replace", {"generate_password": True}),
    ],
)
async def test_a_generated_password_is_in_the_first_answer_alone(ready: Api, path: str, body: dict[str, Any]) -> None:
    first = await post(ready, path, {"json": body})
    again = await post(ready, path, {"json": body})
    told = first.json()
    password = told.pop("password")
    assert len(password) == 40
    assert again.json() == told
    rows = await ready.pool.fetch("SELECT i::text AS row, convert_from(body, 'UTF8') AS body FROM idempotency i")
    for secret in (password, ADMIN, "k1"):
        assert not any(secret in row["row"] + row["body"] or secret.encode().hex() in row["row"] for row in rows)


async def test_answers_go_after_a_day_and_when_there_are_too_many(
    build: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = itertools.count(0, idempotency.SWEEP_S)
    api, body = build(clock=lambda: float(next(now))), {"json": {"name": "A"}}
    first = (await post(api, "/v1/stations", body)).json()["id"]
    await api.pool.execute("UPDATE idempotency SET begun_at = begun_at - interval '25 hours'")
    assert (await post(api, "/v1/stations", body)).json()["id"] != first
    monkeypatch.setattr(idempotency, "MOST", 3)
    for number in range(8):
        await post(api, "/v1/stations", body, key=f"more {number}")
    assert await api.pool.fetchval("SELECT count(*) FROM idempotency") <= 4 + 1


async def test_what_is_kept_is_looked_through_once_a_minute(
    build: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with each request: with 100,000 answers kept, each of them would be looked at for each write."""
    now = [100.0]
    api, body = build(clock=lambda: now[0]), {"json": {"name": "A"}}
    monkeypatch.setattr(idempotency, "MOST", 1)
    kept = []
    for key in range(4):
        now[0] += 59 if key == 3 else 1
        await post(api, "/v1/stations", body, key=str(key))
        kept.append(await api.pool.fetchval("SELECT count(*) FROM idempotency"))
    assert kept == [1, 2, 3, 3]  # the two newest, and the one that came then


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
async def test_a_key_is_1_to_255_printable_characters(ready: Api, key: str) -> None:
    assert (await post(ready, "/v1/stations", {"json": {"name": "A"}}, key=key)).status_code == 422


async def test_a_command_is_sent_once_and_its_answer_given_again(api: Api, ingest: Ingest) -> None:
    cp = new_id()
    await api.station("S1", cp)
    reset = {"json": {"kind": "graceful"}}
    path = f"/v1/charge-points/{cp}/reset"
    async with plugged(api, ingest.gateways[0], cp) as plug:
        first = asyncio.create_task(post(api, path, reset))
        await eventually(lambda: claimed(api))
        assert (await post(api, path, reset)).status_code == 409
        await plug.answer({"status": "Accepted"})
        assert (await first).status_code == 200
        again = await post(api, path, reset)
        assert (again.status_code, again.content) == (200, (await first).content)
        asked = asyncio.create_task(post(api, path, reset, key="k2"))
        await plug.refuse("InternalError", "no")
        assert (await asked).status_code == 502
        asked = asyncio.create_task(post(api, path, reset, key="k2"))  # not kept
        await plug.answer({"status": "Rejected"})
        assert (await asked).json()["status"] == "Rejected"


async def test_a_command_that_nobody_finished_is_not_sent_again(ready: Api) -> None:
    """Its API process died: it may have been sent."""
    path, reset = "/v1/charge-points/CP1/reset", {"json": {"kind": "graceful"}}
    await ready.pool.execute("CREATE RULE stays AS ON DELETE TO idempotency DO INSTEAD NOTHING")
    try:
        assert problem(await post(ready, path, reset), 409).type == "/problems/not-connected"
    finally:
        await ready.pool.execute("DROP RULE stays ON idempotency")
    await ready.pool.execute("UPDATE idempotency SET begun_at = begun_at - interval '23 hours'")
    assert problem(await post(ready, path, reset), 409).type == "/problems/in-progress"


async def test_a_bug_after_a_command_was_sent_does_not_send_it_again(
    api: Api, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(commands.Commands, "_record", broken)
    cp = new_id()
    await api.station("S1", cp)
    path, reset = f"/v1/charge-points/{cp}/reset", {"json": {"kind": "graceful"}}
    async with plugged(api, ingest.gateways[0], cp) as plug:
        first = asyncio.create_task(post(api, path, reset))
        await plug.answer({"status": "Accepted"})
        assert (await first).status_code == 500
        assert problem(await post(api, path, reset), 409).type == "/problems/in-progress"


async def test_a_command_that_may_have_been_done_is_answered_again_and_not_sent_again(
    api: Api, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "TIMEOUT_S", 1)
    cp = new_id()
    await api.station("S1", cp)
    path, reset = f"/v1/charge-points/{cp}/reset", {"json": {"kind": "graceful"}}
    async with plugged(api, ingest.gateways[0], cp):
        silent = await post(api, path, reset)
        assert problem(silent, 504).type == "/problems/charger-silent"
        again = await post(api, path, reset)
        assert (again.status_code, again.content) == (504, silent.content)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.headers["Content-Type"] == silent.headers["Content-Type"]
        await api.copy.redis.client_pause(2500, all=False)  # PUBLISH waits, and whether it was heard nobody knows
        lost = await post(api, path, reset, key="k2")
        assert problem(lost, 503).type == "/problems/answer-lost"
        assert (await post(api, path, reset, key="k2")).content == lost.content
    asked = "SELECT count(*) FROM audit WHERE action = 'command.reset'"
    assert await api.pool.fetchval(asked) == 2
