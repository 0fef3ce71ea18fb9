"""/readyz: Redis or Postgres is enough, and the body names both."""

from collections.abc import Callable

from local.stack import Stack
from shared.stores import postgres
from tests.integration.api.served import Api


async def test_one_of_both_is_enough(build: Callable[..., Api], stack: Stack) -> None:
    async with postgres.pool("postgresql://nobody@127.0.0.1:1/nothing", size=1, name="test") as nowhere:
        ready = await build(pool=nowhere).client.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["dependencies"] == {"redis": "ok", "postgres": "away"}
    stack.redis.kill()
    try:
        ready = await build().client.get("/readyz")
    finally:
        stack.redis.start()
    assert ready.status_code == 200
    assert ready.json()["dependencies"] == {"redis": "away", "postgres": "ok"}


async def test_draining_is_not_ready_but_alive(api: Api) -> None:
    api.readiness.draining = True
    assert (await api.client.get("/readyz")).status_code == 503
    assert (await api.client.get("/livez")).status_code == 200
