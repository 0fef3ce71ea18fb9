"""/v1/stations: create, read, edit, delete."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from shared.stores import hot
from tests.integration.api.served import Api

EVERYTHING = {
    "id": "S1",
    "name": "Alexanderplatz P2",
    "address": "Alexanderplatz 1\n10178 Berlin",
    "latitude": 52.5219,
    "longitude": 13.4132,
    "time_zone": "Europe/Berlin",
}


async def test_a_new_station_can_be_read_where_location_says(api: Api) -> None:
    created = await api.client.post("/v1/stations", json=EVERYTHING)
    assert created.status_code == 201
    assert created.headers["Location"] == "/v1/stations/S1"
    read = await api.client.get(created.headers["Location"])
    assert read.content == created.content
    assert read.headers["ETag"] == created.headers["ETag"]
    document = read.json()
    assert datetime.fromisoformat(document.pop("updated_at")).tzinfo
    assert datetime.fromisoformat(document.pop("since")).tzinfo
    assert document.pop("revision") > 0
    assert document == EVERYTHING | {
        "status": "UNKNOWN",
        "health": "UNKNOWN",
        "partially_available": False,
        "counts": {},
        "connectivity_counts": {},
        "charge_points": [],
    }


async def test_an_id_is_made_when_none_is_given(api: Api) -> None:
    first, second = [(await api.client.post("/v1/stations", json={"name": "A"})).json() for _ in range(2)]
    assert first["id"] != second["id"]
    assert (await api.client.get(f"/v1/stations/{first['id']}")).json() == first


async def test_a_taken_id_is_a_conflict_until_it_is_deleted(api: Api) -> None:
    await api.station("S1")
    assert (await api.client.post("/v1/stations", json={"id": "S1", "name": "B"})).status_code == 409
    assert (await api.client.get("/v1/stations/S1")).json()["name"] == "S1"
    await api.client.delete("/v1/stations/S1")
    assert (await api.client.post("/v1/stations", json={"id": "S1", "name": "B"})).status_code == 201
    assert (await api.client.get("/v1/stations/S1")).json()["name"] == "B"


@pytest.mark.parametrize("half", ["latitude", "longitude"])
async def test_half_a_position_is_refused(api: Api, half: str) -> None:
    refused = await api.client.post("/v1/stations", json={"name": "A", half: 1})
    assert refused.status_code == 422
    assert {error["field"] for error in refused.json()["errors"]} == {"latitude", "longitude"} - {half}


async def test_a_patch_changes_what_it_names_and_null_clears(api: Api) -> None:
    await api.client.post("/v1/stations", json=EVERYTHING)
    patched = await api.client.patch(
        "/v1/stations/S1",
        json={"name": "P3", "address": None, "latitude": None, "longitude": None},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert patched.status_code == 200
    fields = {name: patched.json()[name] for name in EVERYTHING}
    assert fields == EVERYTHING | {"name": "P3", "address": None, "latitude": None, "longitude": None}
    assert (await api.client.get("/v1/stations/S1")).content == patched.content


async def test_half_of_a_known_position_can_be_moved_but_not_cleared(api: Api) -> None:
    await api.client.post("/v1/stations", json=EVERYTHING)
    assert (await api.client.patch("/v1/stations/S1", json={"latitude": 1.5})).json()["latitude"] == 1.5
    assert (await api.client.patch("/v1/stations/S1", json={"latitude": None})).status_code == 422


@pytest.mark.parametrize("patch", [{}, {"name": EVERYTHING["name"]}, {"latitude": 52.5219}])
async def test_a_patch_that_changes_nothing_changes_no_revision(api: Api, patch: dict[str, object]) -> None:
    created = await api.client.post("/v1/stations", json=EVERYTHING)
    patched = await api.client.patch("/v1/stations/S1", json=patch)
    assert patched.status_code == 200
    assert patched.content == created.content
    assert patched.headers["ETag"] == created.headers["ETag"]


async def test_a_deleted_station_takes_its_charge_points_along(api: Api) -> None:
    await api.station("S1", "CP1", "CP2")
    await api.station("S2", "CP3")
    assert (await api.client.delete("/v1/stations/S1")).status_code == 204
    for path in ("/v1/stations/S1", "/v1/charge-points/CP1", "/v1/charge-points/CP2"):
        assert (await api.client.get(path)).status_code == 404
    assert (await api.client.delete("/v1/stations/S1")).status_code == 404
    assert (await api.client.get("/v1/charge-points/CP3")).status_code == 200
    assert [one["id"] for one in (await api.client.get("/v1/charge-points")).json()["items"]] == ["CP3"]


async def test_a_deleted_station_leaves_a_tombstone_newer_than_all_it_was(api: Api) -> None:
    await api.station("S1", "CP1")
    before = (await api.client.get("/v1/stations/S1")).json()["revision"]
    await api.client.delete("/v1/stations/S1")
    rows = await api.pool.fetch(
        "SELECT revision FROM stations WHERE deleted_at IS NOT NULL"
        " UNION ALL SELECT revision FROM charge_points WHERE deleted_at IS NOT NULL"
    )
    assert len(rows) == 2
    assert all(row["revision"] > before for row in rows)
    assert (await api.hot(hot.station_key("S1"))).document is None
    assert (await api.hot(hot.charge_point_key("CP1"))).document is None


async def test_a_tombstone_in_redis_is_not_found_without_asking_postgres(api: Api) -> None:
    await api.station("S1", "CP1")
    await api.client.delete("/v1/stations/S1")
    asked = await api.reads("postgres")
    assert (await api.client.get("/v1/stations/S1")).status_code == 404
    assert (await api.client.get("/v1/charge-points/CP1")).status_code == 404
    assert await api.reads("postgres") == asked


async def test_history_of_what_is_deleted_stays(api: Api) -> None:
    await api.station("S1", "CP1")
    key = await api.pool.fetchval("SELECT key FROM charge_points WHERE id = 'CP1'")
    await api.pool.execute(
        "INSERT INTO history (charge_point_key, kind, reported, event_time, received_at, epoch, sequence)"
        " VALUES ($1, 'STATUS', 'Available', now(), now(), 1, 1)",
        key,
    )
    await api.client.delete("/v1/stations/S1")
    assert await api.pool.fetchval("SELECT count(*) FROM history WHERE charge_point_key = $1", key) == 1


@pytest.mark.parametrize("station_id", ["nope", "a%00b", "%C3%A4", "a%20b", "x" * 65, "%2e%2e"])
async def test_an_id_that_is_not_there_or_cannot_be_is_not_found(api: Api, station_id: str) -> None:
    for answer in (
        await api.client.get(f"/v1/stations/{station_id}"),
        await api.client.patch(f"/v1/stations/{station_id}", json={"name": "A"}),
        await api.client.delete(f"/v1/stations/{station_id}"),
        await api.client.post(f"/v1/stations/{station_id}/charge-points", json={"id": "CP1"}),
    ):
        assert answer.status_code in ({404, 405} if station_id == "%2e%2e" else {404})


async def etag(api: Api, path: str = "/v1/stations/S1") -> str:
    return (await api.client.get(path)).headers["ETag"]


async def delete(api: Api, if_match: str, path: str = "/v1/stations/S1") -> int:
    return (await api.client.delete(path, headers={"If-Match": if_match})).status_code


async def joined(api: Api) -> None:
    await api.client.post("/v1/stations/S1/charge-points", json={"id": "CP9"})


async def moved_in(api: Api) -> None:
    await api.client.patch("/v1/charge-points/CP2", json={"station_id": "S1"})


async def moved_out(api: Api) -> None:
    await api.client.patch("/v1/charge-points/CP1", json={"station_id": None})


async def left(api: Api) -> None:
    await api.client.delete("/v1/charge-points/CP1")


async def imported(api: Api) -> None:
    await api.client.post("/v1/import", content='{"station_id": "S1", "charge_point_id": "CP9"}', headers=JSONL)


async def moved_in_by_import(api: Api) -> None:
    await api.client.post("/v1/import", content='{"station_id": "S1", "charge_point_id": "CP2"}', headers=JSONL)


async def moved_out_by_import(api: Api) -> None:
    await api.client.post("/v1/import", content='{"station_id": "S2", "charge_point_id": "CP1"}', headers=JSONL)


JSONL = {"Content-Type": "application/x-ndjson"}


@pytest.mark.parametrize(
    "change", [joined, moved_in, moved_out, left, imported, moved_in_by_import, moved_out_by_import]
)
async def test_if_match_protects_the_charge_points_that_delete_takes_along(
    api: Api, change: Callable[[Api], Awaitable[None]]
) -> None:
    await api.station("S1", "CP1")
    await api.station("S2", "CP2")
    before = await etag(api)
    await change(api)
    assert await etag(api) != before
    assert await delete(api, before) == 412
    assert await delete(api, await etag(api)) == 204


async def test_what_chargers_do_leaves_an_etag_as_good_as_it_was(api: Api) -> None:
    await api.station("S1", "CP1")
    before = await etag(api)
    await api.rolled_up("CP1", "FAULTED")
    assert await etag(api) != before
    assert await delete(api, before) == 204


async def test_a_tag_of_a_former_bearer_of_the_id_matches_nothing(api: Api) -> None:
    await api.station("S1", "CP1")
    tags = [await etag(api, path) for path in ("/v1/stations/S1", "/v1/charge-points/CP1")]
    await api.client.delete("/v1/stations/S1")
    await api.station("S1", "CP1")
    assert await delete(api, tags[1], "/v1/charge-points/CP1") == 412
    assert await delete(api, tags[0]) == 412
    assert await delete(api, f"{tags[0]}, {await etag(api)}") == 204


async def test_a_station_says_how_many_of_its_charge_points_are_offline_and_since_when_it_has_its_status(
    api: Api,
) -> None:
    await api.station("S1", "CP1", "CP2", "CP3")
    await api.rolled_up("CP1", "AVAILABLE")
    await api.rolled_up("CP2", "AVAILABLE", connectivity="OFFLINE")
    document = (await api.client.get("/v1/stations/S1")).json()
    assert document["connectivity_counts"] == {"ONLINE": 1, "OFFLINE": 1, "NEVER": 1}
    await api.rolled_up("CP1", "AVAILABLE", "FAULTED")
    again = (await api.client.get("/v1/stations/S1")).json()
    assert (again["status"], again["since"]) == (document["status"], document["since"])
    await api.rolled_up("CP2", "FAULTED")
    await api.rolled_up("CP1", "FAULTED")
    changed = (await api.client.get("/v1/stations/S1")).json()
    assert (changed["status"], changed["since"]) == ("FAULTED", changed["updated_at"])
    (item,) = (await api.client.get("/v1/stations")).json()["items"]
    assert item == {name: value for name, value in changed.items() if name != "charge_points"}
