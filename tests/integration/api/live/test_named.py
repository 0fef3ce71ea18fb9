"""Who follows some stations or charge points: what names nothing is refused, and what leaves is told."""

from collections.abc import Callable

import pytest

from ingest.rollup.copy.publication import Publication
from ingest.rollup.metrics import Metrics
from shared.process.admin import metrics_registry
from shared.stores import memberships, postgres, redis_client
from shared.stores.hot import Change, HotCopy
from shared.stores.memberships import Membership
from tests.integration.api.live.streams import Listener, listening, served, settled
from tests.integration.api.served import Api


async def move(api: Api, charge_point: str, station: str | None) -> None:
    answer = await api.client.patch(f"/v1/charge-points/{charge_point}", json={"station_id": station})
    assert answer.status_code == 200, answer.text


def left(listener: Listener) -> list[tuple[str, str]]:
    """Who is said to have left, as charge point and station."""
    return [(one.data["charge_point_id"], one.data["station_id"]) for one in listener.told if one.event == "left"]


async def test_who_follows_a_station_is_told_of_every_charge_point_that_leaves(api: Api, port: int) -> None:
    await api.station("S1", "CP1", "CP2", "CP3")
    await api.station("S2")
    await settled(api)
    async with (
        listening(port, "?station_id=s1") as of_s1,
        listening(port, "?station_id=S2") as of_s2,
        listening(port) as of_all,
        listening(port, "?charge_point_id=CP1") as of_cp1,
    ):
        at = of_s1.last_id
        await move(api, "CP1", "S2")
        await move(api, "CP2", None)
        await api.client.delete("/v1/charge-points/CP3")
        await of_s1.until(lambda one: "deleted" in one.events and len(left(one)) == 2)
        assert left(of_s1) == [("CP1", "S1"), ("CP2", "S1")]
        revision = (await api.client.get("/v1/charge-points/CP1")).json()["revision"]
        told = next(one for one in of_s1.told if one.event == "left")
        assert (told.revision, told.data["document"]) == (revision, None)
        for listener in (of_s2, of_cp1):
            await listener.until(lambda one: "charge_point" in one.events)
        await of_all.until(lambda one: "deleted" in one.events)
        assert not left(of_s2) + left(of_cp1) + left(of_all)
    for query in ("?station_id=S1", "?event=left"):
        async with listening(port, query, last_id=at) as resumed:
            await resumed.until(lambda one: len(left(one)) == 2)


async def test_who_comes_back_has_not_left(api: Api, port: int) -> None:
    await api.station("S1", "CP1")
    await api.station("S2")
    await settled(api)
    async with listening(port, "?station_id=S1") as listener:
        at = listener.last_id
        await move(api, "CP1", "S2")
        await listener.until(lambda one: len(left(one)) == 1)
        await move(api, "CP1", "S1")
        await listener.until(lambda one: "charge_point" in one.events)
    async with listening(port, "?station_id=S1", last_id=at) as listener:
        await listener.until(lambda one: "charge_point" in one.events)
        assert not left(listener)


async def test_a_departure_that_is_published_late_overcomes_no_return(api: Api, port: int, copy: HotCopy) -> None:
    await api.station("S1")
    await settled(api)
    both = [Membership("S1", "CP1", 20, is_member=True), Membership("S1", "CP1", 10, is_member=False)]
    async with listening(port, "?station_id=S1") as listener:
        for one in (*both, Membership("S1", "CP2", 30, is_member=False)):
            await copy.publish(memberships.changes([one]))
        await listener.until(lambda one: len(left(one)) > 0)
        assert left(listener) == [("CP2", "S1")]
    assert [one.revision for one in memberships.changes(both)] == [20]


async def test_a_departure_is_not_told_after_a_return_of_many(
    api: Api, port: int, copy: HotCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose publishing takes several calls, between which the departure of before is published late."""
    await api.station("S1", "CP1")
    await api.station("S2")
    await settled(api)
    publish, held = copy.publish, []

    async def late(changes: list[Change]) -> None:
        held.extend(changes)

    async def one_by_one(changes: list[Change]) -> None:
        for change in changes:
            await publish([change])
            if change.kind == "charge_point":
                await publish(held)
                await settled(api)

    monkeypatch.setattr(copy, "publish", late)
    await move(api, "CP1", "S2")
    monkeypatch.setattr(copy, "publish", one_by_one)
    async with listening(port, "?station_id=S1") as listener:
        await move(api, "CP1", "S1")
        await listener.until(lambda one: "station" in one.events and "charge_point" in one.events)
        assert not left(listener)


async def test_a_departure_that_redis_did_not_take_is_told_from_its_note(
    build: Callable[..., Api], api: Api, port: int, copy: HotCopy, database_url: str
) -> None:
    """Even where the charge point was published with a newer revision before."""
    await api.station("S1", "CP1")
    await api.station("S2")
    await settled(api)
    async with redis_client.client("redis://127.0.0.1:1/0") as away:
        await move(build(copy=HotCopy(away, stream_length=1000)), "CP1", "S2")
    assert await api.pool.fetchval("SELECT count(*) FROM unpublished") == 1
    await api.rolled_up("CP1", "FAULTED")
    async with (
        listening(port, "?station_id=S1") as listener,
        postgres.pool(database_url, size=2, name="rollup") as pool,
    ):
        await Publication(pool, copy, Metrics(metrics_registry()))._catch_up(0)
        await listener.until(lambda one: left(one) == [("CP1", "S1")])
    assert await api.pool.fetchval("SELECT count(*) FROM unpublished") == 0


@pytest.mark.parametrize("query", ["?station_id=S9", "?station_id=S1&station_id=S9", "?charge_point_id=CP9"])
async def test_a_filter_that_names_nothing_is_not_found(api: Api, port: int, query: str) -> None:
    await api.station("S1", "CP1")
    async with listening(port, query) as listener:
        assert listener.status == 404
    async with listening(port, "?station_id=s1&charge_point_id=cp1") as listener:
        assert listener.status == 200
    answer = await api.client.get(f"/v1/stream{query}")
    assert answer.json()["type"] == "/problems/not-found"
    assert "p9" in answer.json()["detail"] or "s9" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["station_id", "charge_point_id"])
@pytest.mark.parametrize("id_", ["%00", "a%00", "x" * 65, "%0a"])
async def test_what_cannot_be_an_id_is_refused(api: Api, name: str, id_: str) -> None:
    answer = await api.client.get(f"/v1/stream?{name}={id_}")
    assert answer.status_code == 422
    assert name in answer.json()["errors"][0]["field"]


async def test_who_resumes_is_told_that_what_he_followed_was_deleted(api: Api, port: int) -> None:
    await api.station("S1", "CP1")
    await settled(api)
    async with listening(port, "?station_id=S1") as listener:
        at = listener.last_id
    await api.client.delete("/v1/stations/S1")
    async with listening(port, "?station_id=S1", last_id=at) as listener:
        await listener.until(lambda one: one.events.count("deleted") == 2)
    async with listening(port, "?station_id=S1") as listener:
        assert listener.status == 404


async def test_a_filter_needs_no_postgres(build: Callable[..., Api], database_url: str) -> None:
    async with (
        postgres.pool(database_url, size=1, name="held") as pool,
        served(build(pool=pool)) as port,
        pool.acquire(),  # the only connection
        listening(port, "?station_id=S9") as listener,
    ):
        assert listener.status == 200
