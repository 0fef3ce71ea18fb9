"""Ids match case-insensitively everywhere, and the stored spelling is what is served."""

from urllib.parse import quote

import pytest

from shared.stores import hot
from tests.integration.api.live.streams import listening, served
from tests.integration.api.recorded import Recorded
from tests.integration.api.served import Api

SPELLED, OTHER = "Alex-P2", "aLEX-p2"


@pytest.fixture
async def api(api: Api) -> Api:
    await api.station(SPELLED, "Cp1")
    return api


async def test_a_station_is_read_and_edited_under_any_spelling(api: Api) -> None:
    for path in (f"/v1/stations/{OTHER}", f"/v1/stations/{SPELLED.upper()}"):
        read = await api.client.get(path)
        assert (read.status_code, read.json()["id"]) == (200, SPELLED)
    await api.copy.redis.delete(hot.station_key(SPELLED))
    assert (await api.client.get(f"/v1/stations/{OTHER}")).json()["id"] == SPELLED  # from Postgres
    edited = await api.client.patch(f"/v1/stations/{OTHER}", json={"name": "B"})
    assert (edited.json()["id"], edited.json()["name"]) == (SPELLED, "B")
    assert (await api.client.get(f"/v1/stations/{SPELLED}")).json()["name"] == "B"
    asked = await api.client.put(f"/v1/stations/{OTHER}/availability", json={"operative": False})
    assert asked.json()["results"] == [{"charge_point_id": "Cp1", "result": "Waiting"}]
    for path in ("history", "history?include_deleted=true"):
        assert (await api.client.get(f"/v1/stations/{OTHER}/{path}")).status_code == 200
    assert (await api.client.get("/v1/stats/series", params={"station_id": OTHER, "step": "1h"})).status_code == 200


@pytest.mark.parametrize("id_", ["cp 2", "a%41b", "a%2Fb", "q?x#y", '<z>,"', "p|q", ";=&+"])
async def test_what_an_id_has_of_a_url_is_quoted_in_links_and_problems(api: Api, id_: str) -> None:
    await api.pool.execute("TRUNCATE history")
    await api.client.post(f"/v1/stations/{SPELLED}/charge-points", json={"id": id_})
    for minute in range(2):
        await Recorded(api.pool).status(id_, minute, "Available")
    path = f"/v1/charge-points/{quote(id_, safe='')}"
    first = await api.client.get(f"{path}/history?limit=1")
    assert first.headers["Link"].startswith(f"<{path}/history?limit=1&cursor=")
    second = await api.client.get(first.links["next"]["url"])
    assert [item["charge_point_id"] for item in second.json()["items"]] == [id_]
    assert (await api.client.get(f"{path}/history?limit=0")).json()["instance"] == f"{path}/history"


async def test_one_id_is_one_station_in_whatever_spelling(api: Api) -> None:
    assert (await api.client.post("/v1/stations", json={"id": OTHER, "name": "B"})).status_code == 409
    listed = (await api.client.get("/v1/charge-points", params={"station_id": OTHER})).json()["items"]
    assert [item["id"] for item in listed] == ["Cp1"]
    for name in ("b", "A", "C"):
        await api.station(name)
    assert [one["id"] for one in (await api.client.get("/v1/stations")).json()["items"]] == ["A", SPELLED, "b", "C"]
    first = (await api.client.get("/v1/stations?limit=2")).json()
    rest = (await api.client.get("/v1/stations", params={"cursor": first["next_cursor"]})).json()
    assert [one["id"] for one in rest["items"]] == ["b", "C"]


async def test_charge_points_say_the_spelling_of_their_station(api: Api) -> None:
    created = await api.client.post(f"/v1/stations/{OTHER}/charge-points", json={"id": "CP2"})
    assert (created.status_code, created.json()["station_id"]) == (201, SPELLED)
    moved = await api.client.patch("/v1/charge-points/CP1", json={"station_id": None})
    assert moved.json()["station_id"] is None
    moved = await api.client.patch("/v1/charge-points/CP1", json={"station_id": OTHER})
    assert moved.json()["station_id"] == SPELLED
    document = (await api.client.get(f"/v1/stations/{SPELLED}")).json()
    assert [(one["id"], one["station_id"]) for one in document["charge_points"]] == [
        ("Cp1", SPELLED),
        ("CP2", SPELLED),
    ]


async def test_a_file_may_spell_a_station_as_it_likes(api: Api) -> None:
    lines = f"station_id,station_name,charge_point_id\n{OTHER},C,CP2\n{SPELLED.lower()},D,CP3\n"
    answer = await api.client.post("/v1/import", content=lines, headers={"Content-Type": "text/csv"})
    assert answer.json()["totals"] == {"created": 2, "updated": 0, "unchanged": 0, "error": 0}
    document = (await api.client.get(f"/v1/stations/{SPELLED}")).json()
    assert (document["name"], [one["station_id"] for one in document["charge_points"]]) == ("D", [SPELLED] * 3)
    again = await api.client.post("/v1/import", content=lines, headers={"Content-Type": "text/csv"})
    assert again.json()["totals"]["created"] == 0


async def test_the_audit_of_a_station_is_found_under_any_spelling(api: Api) -> None:
    found = [
        (await api.client.get("/v1/audit", params={"station_id": id_})).json()["items"] for id_ in (SPELLED, OTHER)
    ]
    assert found[0] == found[1]
    assert {one["station_id"] for one in found[0]} == {SPELLED}


async def test_the_stream_of_a_station_is_found_under_any_spelling(api: Api) -> None:
    async with served(api) as port, listening(port, f"?station_id={OTHER}") as listener:
        await api.client.patch(f"/v1/stations/{SPELLED}", json={"name": "B"})
        await listener.until(lambda one: len(one.told) == 1)
        assert listener.told[0].data["station_id"] == SPELLED


async def test_a_deleted_station_is_gone_in_every_spelling(api: Api) -> None:
    assert (await api.client.delete(f"/v1/stations/{OTHER}")).status_code == 204
    for id_ in (SPELLED, OTHER):
        assert (await api.client.get(f"/v1/stations/{id_}")).status_code == 404
    assert (await api.client.post("/v1/stations", json={"id": OTHER, "name": "B"})).status_code == 201
    assert (await api.client.get(f"/v1/stations/{SPELLED}")).json()["id"] == OTHER
