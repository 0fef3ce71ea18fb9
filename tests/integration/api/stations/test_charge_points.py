"""/v1/charge-points: create under a station, read, move, edit, delete."""

import asyncio

import pytest

from shared.credentials import passwords
from shared.stores import fleet, postgres
from shared.stores.postgres import Connection
from shared.words import documents
from tests.integration.api.served import Api, eventually

KEY = "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"


async def test_a_new_charge_point_is_in_its_station(api: Api) -> None:
    await api.station("S1")
    created = await api.client.post("/v1/stations/S1/charge-points", json={"id": "CP1", "registration": "PENDING"})
    assert created.status_code == 201
    assert created.headers["Location"] == "/v1/charge-points/CP1"
    assert created.json()["station_id"] == "S1"
    assert created.json()["registration"] == "PENDING"
    assert created.json()["connectivity"] == "NEVER"
    assert (await api.client.get("/v1/charge-points/CP1")).content == created.content
    assert (await api.client.get("/v1/stations/S1")).json()["charge_points"] == [created.json()]


@pytest.mark.parametrize("charge_point_id", ["RDAM 123", "RDAM|123", "100%", "a?b#c", "~!@$&()"])
async def test_an_id_with_special_characters_is_found_percent_encoded(api: Api, charge_point_id: str) -> None:
    await api.station("S1")
    created = await api.client.post("/v1/stations/S1/charge-points", json={"id": charge_point_id})
    assert created.json()["id"] == charge_point_id
    read = await api.client.get(created.headers["Location"])
    assert read.content == created.content
    assert (await api.client.delete(created.headers["Location"])).status_code == 204


async def test_ids_match_in_any_case_and_keep_their_spelling(api: Api) -> None:
    await api.station("S1", "Cp-A")
    for spelling in ("cp-a", "CP-A", "Cp-A"):
        assert (await api.client.get(f"/v1/charge-points/{spelling}")).json()["id"] == "Cp-A"
    assert (await api.client.patch("/v1/charge-points/cP-a", json={"registration": "REJECTED"})).json()["id"] == "Cp-A"


async def test_an_id_taken_anywhere_in_any_spelling_is_a_conflict(api: Api) -> None:
    await api.station("S1", "CP1")
    await api.station("S2")
    refused = await api.client.post("/v1/stations/S2/charge-points", json={"id": "cp1"})
    assert refused.status_code == 409
    assert (await api.client.get("/v1/stations/S2")).json()["charge_points"] == []
    await api.client.delete("/v1/charge-points/CP1")
    again = await api.client.post("/v1/stations/S2/charge-points", json={"id": "cp1"})
    assert again.status_code == 201
    assert (await api.client.get("/v1/charge-points/CP1")).json() == again.json()


async def test_a_password_is_stored_salted_and_never_given_out(api: Api) -> None:
    await api.station("S1")
    created = await api.client.post("/v1/stations/S1/charge-points", json={"id": "CP1", "password": KEY})
    assert KEY not in created.text
    stored = await api.pool.fetchval("SELECT password_hash FROM charge_points WHERE id = 'CP1'")
    assert passwords.matches(stored, KEY.encode())
    short = await api.client.patch("/v1/charge-points/CP1", json={"password": "secret-secret"})
    assert short.status_code == 422
    assert "secret-secret" not in short.text


async def test_a_password_is_made_on_demand_and_shown_once(api: Api) -> None:
    await api.station("S1")
    made: list[str] = []
    for method, url in (("POST", "/v1/stations/S1/charge-points"), ("PATCH", "/v1/charge-points/CP1")):
        body = {"generate_password": True} | ({"id": "CP1"} if method == "POST" else {})
        answer = await api.client.request(method, url, json=body)
        assert answer.is_success
        assert answer.headers["Cache-Control"] == "no-store"
        made.append(answer.json()["password"])
        stored = await api.pool.fetchval("SELECT password_hash FROM charge_points WHERE id = 'CP1'")
        assert not passwords.is_slow(stored)
        assert passwords.matches(stored, made[-1].encode())
        read = await api.client.get("/v1/charge-points/CP1")
        assert read.json() == {name: value for name, value in answer.json().items() if name != "password"}
        assert read.headers["ETag"] == answer.headers["ETag"]
    assert made[0] != made[1]
    audit = await api.client.get("/v1/audit")
    assert not any(one in audit.text for one in made)


@pytest.mark.parametrize("wrong", [{"password": KEY}, {"generate_password": False}, {"generate_password": "true"}])
async def test_a_password_is_given_or_made(api: Api, wrong: dict[str, object]) -> None:
    await api.station("S1", "CP1")
    refused = await api.client.patch("/v1/charge-points/CP1", json={"generate_password": True, **wrong})
    assert refused.status_code == 422
    assert {error["field"] for error in refused.json()["errors"]} == {"generate_password"}


@pytest.mark.parametrize("password", [KEY, "chosen by a person"])
async def test_the_same_password_again_changes_nothing(api: Api, password: str) -> None:
    await api.station("S1", "CP1")
    one, other = [await api.client.patch("/v1/charge-points/CP1", json={"password": password}) for _ in range(2)]
    assert one.headers["ETag"] == other.headers["ETag"]


async def test_a_new_password_is_a_new_version_and_null_removes_it_once(api: Api) -> None:
    await api.station("S1", "CP1")
    tags = [
        (await api.client.patch("/v1/charge-points/CP1", json={"password": password})).headers["ETag"]
        for password in ("chosen by a person", None, None)
    ]
    assert len(set(tags)) == 2
    assert tags[1] == tags[2]
    assert await api.pool.fetchval("SELECT password_hash FROM charge_points WHERE id = 'CP1'") is None


async def test_a_move_recomputes_both_stations(api: Api) -> None:
    await api.station("S1", "CP1", "CP2")
    await api.station("S2")
    await api.rolled_up("CP1", "AVAILABLE")
    await api.rolled_up("CP2", "FAULTED")
    moved = await api.client.patch("/v1/charge-points/cp1", json={"station_id": "S2"})
    assert moved.json()["station_id"] == "S2"
    assert moved.json()["evses"][0]["status"] == "AVAILABLE"
    left, joined = [(await api.client.get(f"/v1/stations/{one}")).json() for one in ("S1", "S2")]
    assert (left["status"], left["health"], left["counts"]) == ("FAULTED", "DOWN", {"FAULTED": 1})
    assert (joined["status"], joined["health"], joined["counts"]) == ("AVAILABLE", "OK", {"AVAILABLE": 1})
    assert [one["id"] for one in left["charge_points"]] == ["CP2"]
    assert joined["charge_points"] == [moved.json()]
    assert (await api.client.get("/v1/charge-points/CP1")).json() == moved.json()


async def test_a_charge_point_can_leave_every_station_and_come_back(api: Api) -> None:
    await api.station("S1", "CP1")
    assert (await api.client.patch("/v1/charge-points/CP1", json={"station_id": None})).json()["station_id"] is None
    assert (await api.client.get("/v1/stations/S1")).json()["charge_points"] == []
    assert [one["id"] for one in (await api.client.get("/v1/charge-points?unassigned=true")).json()["items"]] == ["CP1"]
    assert (await api.client.patch("/v1/charge-points/CP1", json={"station_id": "S1"})).json()["station_id"] == "S1"
    assert len((await api.client.get("/v1/stations/S1")).json()["charge_points"]) == 1


async def test_a_move_to_nowhere_is_refused(api: Api) -> None:
    await api.station("S1", "CP1")
    refused = await api.client.patch("/v1/charge-points/CP1", json={"station_id": "S9"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "station_id"


@pytest.mark.parametrize("patch", [{}, {"station_id": "S1"}, {"registration": "ACCEPTED"}, {"password": None}])
async def test_a_patch_that_changes_nothing_changes_no_revision(api: Api, patch: dict[str, object]) -> None:
    await api.station("S1", "CP1")
    before = await api.client.get("/v1/charge-points/CP1")
    patched = await api.client.patch("/v1/charge-points/CP1", json=patch)
    assert patched.status_code == 200
    assert (patched.content, patched.headers["ETag"]) == (before.content, before.headers["ETag"])
    assert await api.pool.fetchval("SELECT count(*) FROM unpublished") == 0


async def test_a_deleted_charge_point_leaves_its_station(api: Api) -> None:
    await api.station("S1", "CP1", "CP2")
    await api.rolled_up("CP1", "FAULTED")
    assert (await api.client.delete("/v1/charge-points/cp1")).status_code == 204
    assert (await api.client.delete("/v1/charge-points/CP1")).status_code == 404
    assert (await api.client.get("/v1/charge-points/CP1")).status_code == 404
    station = (await api.client.get("/v1/stations/S1")).json()
    assert [one["id"] for one in station["charge_points"]] == ["CP2"]
    assert station["counts"] == {}


@pytest.mark.parametrize("charge_point_id", ["a/b", "a:b", "", "x" * 49, "ä", "a\n", ".."])
async def test_an_id_that_no_charger_can_have_is_refused(api: Api, charge_point_id: str) -> None:
    await api.station("S1")
    refused = await api.client.post("/v1/stations/S1/charge-points", json={"id": charge_point_id})
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["id"]


async def test_gateways_are_told_at_the_commit(api: Api, database_url: str) -> None:
    heard: list[str] = []
    listener = await postgres.connect(database_url, name="test")
    await listener.add_listener(fleet.REGISTRY_CHANNEL, lambda *notice: heard.append(str(notice[3])))
    await api.station("S1", "CP1", "CP2")
    keys = {str(row["key"]) for row in await api.pool.fetch("SELECT key FROM charge_points")}

    async def announced() -> bool:
        return {key for payload in heard for key in payload.split(",")} == keys and len(heard) >= expected

    expected = 2
    await eventually(announced)
    await api.client.delete("/v1/stations/S1")
    expected = 3  # one NOTIFY for all of them
    await eventually(announced)
    await listener.close()


async def has_locked(writer: Connection, station_id: str) -> int:
    """Has another writer lock a station; returns the station's key."""
    key = await writer.fetchval("SELECT key FROM stations WHERE id = $1", station_id)
    await fleet.lock_stations(writer, [key])
    return int(key)


async def until_it_holds_somebody_up(writer: Connection) -> None:
    async def holds() -> bool:
        return bool(
            await writer.fetchval("SELECT true FROM pg_locks WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        )

    await eventually(holds)


async def test_a_move_waits_for_a_rollup_and_loses_nothing_of_it(api: Api) -> None:
    """The station's lock is taken first, so the document is that of after the rollup's commit."""
    await api.station("S1", "CP1")
    await api.station("S2")
    async with asyncio.TaskGroup() as group, api.pool.acquire() as rollup, rollup.transaction():
        await has_locked(rollup, "S1")
        moving = group.create_task(api.client.patch("/v1/charge-points/CP1", json={"station_id": "S2"}))
        await until_it_holds_somebody_up(rollup)
        document = documents.charge_point(await rollup.fetchval("SELECT document FROM charge_points"))
        await rollup.execute(
            "UPDATE charge_points SET document = $1", documents.encode(document.with_(vendor="Acme")).decode()
        )
    moved = moving.result().json()
    assert (moved["station_id"], moved["vendor"]) == ("S2", "Acme")


async def test_a_move_of_what_was_just_moved_locks_where_it_really_was(api: Api) -> None:
    """CP1 goes from S1 to S3 under the move to S2, and a rollup of S3 is under way: nothing of it is lost."""
    await api.station("S1", "CP1")
    await api.station("S2")
    await api.station("S3", "CP2")
    async with asyncio.TaskGroup() as group, api.pool.acquire() as rollup, rollup.transaction():
        s3 = await has_locked(rollup, "S3")
        async with api.pool.acquire() as other, other.transaction():
            await has_locked(other, "S1")
            moving = group.create_task(api.client.patch("/v1/charge-points/CP1", json={"station_id": "S2"}))
            await until_it_holds_somebody_up(other)
            await other.execute("UPDATE charge_points SET station_key = $1 WHERE id = 'CP1'", s3)
        await until_it_holds_somebody_up(rollup)
        await rollup.execute("UPDATE charge_points SET evse_counts = $1 WHERE id = 'CP2'", {"FAULTED": 1})
    assert moving.result().json()["station_id"] == "S2"
    left = (await api.client.get("/v1/stations/S3")).json()
    assert [member["id"] for member in left["charge_points"]] == ["CP2"]
    assert left["counts"] == {"FAULTED": 1}


async def test_moves_against_each_other_all_end(api: Api) -> None:
    """Stations are locked ascending and a wrong guess gives its locks back, so there is no deadlock."""
    await api.station("S1", "CP1", "CP2")
    await api.station("S2", "CP3", "CP4")
    moves = [
        api.client.patch(f"/v1/charge-points/CP{n}", json={"station_id": station})
        for n in range(1, 5)
        for station in ("S1", "S2", None, "S2", "S1")
    ]
    assert {answer.status_code for answer in await asyncio.gather(*moves)} == {200}
    for station in ("S1", "S2"):
        members = (await api.client.get(f"/v1/stations/{station}")).json()["charge_points"]
        assert all(member["station_id"] == station for member in members)


async def test_the_document_says_whether_there_is_a_password(api: Api) -> None:
    await api.station("S1", "CP1")
    for password, has in (("x" * 20, True), (None, False)):
        edited = await api.client.patch("/v1/charge-points/CP1", json={"password": password})
        assert edited.json()["has_password"] is has
        assert (await api.client.get("/v1/charge-points/CP1")).json()["has_password"] is has
    made = await api.client.post("/v1/stations/S1/charge-points", json={"id": "CP2", "generate_password": True})
    assert made.json()["has_password"] is True
