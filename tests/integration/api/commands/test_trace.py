"""/v1/charge-points/{id}/trace: switched on for an hour, read newest first, forgotten."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from redis.asyncio import Redis

from api.commands import answers
from local.stack import Stack
from shared.stores import fleet, postgres, traces
from shared.stores.traces import Traced
from tests.integration.api.http.test_problems import problem
from tests.integration.api.served import READ, Api, bearer, eventually

PATH = "/v1/charge-points/cp1/trace"


async def key_of(api: Api, id_: str = "CP1") -> int:
    return int(await api.pool.fetchval("SELECT key FROM charge_points WHERE id = $1", id_))


async def switch(api: Api, enabled: bool) -> answers.TraceState:
    answer = await api.client.put(PATH, json={"enabled": enabled})
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=answers.TraceState)


async def test_it_is_off_until_it_is_switched_on_and_ends_after_an_hour(api: Api) -> None:
    await api.station("S1", "CP1")
    assert (await api.client.get(PATH)).json() == {"enabled": False, "until": None, "frames": []}
    state = await switch(api, True)
    assert state.until is not None
    assert timedelta(minutes=59) < datetime.fromisoformat(state.until) - datetime.now(UTC) <= timedelta(hours=1)  # noqa: TID251
    assert (await api.client.get(PATH, headers=bearer(READ))).json()["enabled"]
    assert not (await switch(api, False)).enabled
    await switch(api, True)
    await api.pool.execute("UPDATE charge_points SET trace_until = now() - interval '1 s'")
    assert (await api.client.get(PATH)).json() == {"enabled": False, "until": None, "frames": []}


async def test_the_gateways_hear_of_it_and_the_audit_says_who(api: Api, database_url: str) -> None:
    await api.station("S1", "CP1")
    heard: list[object] = []
    listener = await postgres.connect(database_url, name="test")
    await listener.add_listener(fleet.REGISTRY_CHANNEL, lambda *notice: heard.append(notice[-1]))
    await switch(api, True)
    key = await key_of(api)

    async def announced() -> bool:
        return str(key) in heard

    await eventually(announced)
    await listener.close()
    row = await api.pool.fetchrow("SELECT actor, action, charge_point_id, after FROM audit ORDER BY id DESC LIMIT 1")
    assert row is not None
    assert tuple(row) == ("admin", "charge_point.traced", "CP1", {"enabled": True})


async def test_the_newest_frames_come_first_and_no_more_than_200(api: Api, redis: Redis) -> None:
    await api.station("S1", "CP1", "CP2")
    key = await key_of(api)
    for start in range(0, 250, 50):
        frames = [Traced("2026-03-01T08:15:30.123Z", "in", f'[2,"{n}"]') for n in range(start, start + 50)]
        await traces.push(redis, {key: frames})
    trace = msgspec.json.decode((await api.client.get(PATH)).content, type=answers.Trace)
    assert [frame.frame for frame in trace.frames] == [f'[2,"{n}"]' for n in range(249, 49, -1)]
    assert 0 < await redis.ttl(traces.key(key)) <= traces.KEPT_S
    assert (await api.client.get("/v1/charge-points/CP2/trace")).json()["frames"] == []


@pytest.mark.parametrize("body", [{}, {"enabled": "yes"}, {"enabled": None}, {"enabled": True, "hours": 24}])
async def test_what_is_no_switch_is_refused(api: Api, body: object) -> None:
    await api.station("S1", "CP1")
    problem(await api.client.put(PATH, json=body), 422)


async def test_a_reader_may_not_switch_and_nobody_an_unknown_one(api: Api) -> None:
    await api.station("S1", "CP1")
    problem(await api.client.put(PATH, json={"enabled": True}, headers=bearer(READ)), 403)
    for path in ("/v1/charge-points/none/trace", "/v1/charge-points/a%3Ab/trace"):
        problem(await api.client.put(path, json={"enabled": True}), 404)
        problem(await api.client.get(path), 404)


async def test_without_redis_it_says_so(api: Api, stack: Stack) -> None:
    await api.station("S1", "CP1")
    stack.redis.kill()
    try:
        problem(await api.client.get(PATH), 503)
        assert (await switch(api, True)).enabled
    finally:
        stack.redis.start()
