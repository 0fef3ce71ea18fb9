"""Plugwatch-Stream-Id: what was read, and what the stream tells from there on, leave nothing out in between."""

import asyncio

import pytest

from shared.stores import hot
from shared.stores.hot import HotCopy
from tests.integration.api.live.streams import listening, settled
from tests.integration.api.served import Api, eventually

HEADER = "Plugwatch-Stream-Id"
READS = ("stations/S1", "charge-points/CP1", "stations", "charge-points", "connectors", "stats", "board")


@pytest.mark.parametrize("path", READS)
async def test_reads_carry_where_the_stream_stands(api: Api, port: int, path: str) -> None:
    await api.station("S1", "CP1")
    await settled(api)
    found = await api.client.get(f"/v1/{path}")
    assert found.headers[HEADER] == await api.copy.changes.newest()
    same = await api.client.get(f"/v1/{path}", headers={"If-None-Match": found.headers["ETag"]})
    assert (same.status_code, same.headers[HEADER]) == (304, found.headers[HEADER])
    assert (await api.client.head(f"/v1/{path}")).headers[HEADER]


async def test_an_export_carries_it_too(api: Api, port: int) -> None:
    await api.station("S1", "CP1")
    await settled(api)
    assert (await api.client.get("/v1/export")).headers[HEADER] == await api.copy.changes.newest()


async def test_it_is_not_told_before_it_is_known(api: Api) -> None:
    await api.station("S1")
    assert HEADER not in (await api.client.get("/v1/stations/S1")).headers


@pytest.mark.parametrize("path", ["stats", "board"])
async def test_what_is_kept_for_a_second_has_the_position_of_when_it_was_read(api: Api, port: int, path: str) -> None:
    await api.station("S1", "CP1")
    await settled(api)
    before = await api.client.get(f"/v1/{path}")
    await api.rolled_up("CP1", "FAULTED")
    await settled(api)
    after = await api.client.get(f"/v1/{path}")
    assert (after.content == before.content) == (after.headers[HEADER] == before.headers[HEADER])


@pytest.mark.parametrize("source", ["redis", "postgres"])
@pytest.mark.parametrize("path", ["stations/S1", "stations"])
async def test_read_then_follow_misses_nothing_while_others_write(
    api: Api, port: int, copy: HotCopy, path: str, source: str
) -> None:
    """Whoever reads at whatever moment, and follows from there, knows the newest document in the end."""
    await api.station("S1", "CP1")
    await settled(api)
    if source == "postgres":
        await copy.withdraw()
    last: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def write() -> None:
        for n in range(60):
            await api.rolled_up("CP1", "FAULTED" if n % 2 else "AVAILABLE")
        last.set_result(int((await api.hot(hot.station_key("S1"))).etag.strip('"').split(".")[1]))

    async def read_and_follow() -> int:
        answer = await api.client.get(f"/v1/{path}")
        body = answer.json()
        read: int = body["items"][0]["revision"] if "items" in body else body["revision"]
        async with listening(port, "?station_id=S1&event=station", last_id=answer.headers[HEADER]) as listener:
            newest = await asyncio.shield(last)

            async def knows_the_last() -> bool:
                return max([read, *(one or 0 for one in listener.revisions)]) == newest

            await eventually(knows_the_last)
            assert "reset" not in listener.events
        return read

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        readers = []
        for _ in range(15):
            readers.append(group.create_task(read_and_follow()))
            await asyncio.sleep(0.02)
    assert len({reader.result() for reader in readers}) > 1  # some read in the midst of it
