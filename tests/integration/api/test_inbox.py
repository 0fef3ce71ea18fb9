"""/v1/inbox: who knocks and is refused, and what an operator does about it."""

import asyncio

import msgspec
import pytest

from api.http.pages import Page
from api.inbox import answers
from shared.credentials import passwords
from tests.integration.api.operated import Ingest, knocking, new_id, plugged, refused
from tests.integration.api.served import READ, Api, bearer, eventually
from tests.integration.gateway.parts import Gateway

KEY = "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"


async def knocked(api: Api, *charge_point_ids: str, status: int = 404) -> None:
    """As gateways leave it, the later the newer."""
    for age, charge_point_id in enumerate(reversed(charge_point_ids)):
        await api.pool.execute(
            "INSERT INTO unknown_charge_points (folded_id, id, status, attempts, first_seen_at)"
            " VALUES (lower($1), $1, $2, 3, now() - make_interval(secs => $3))",
            charge_point_id,
            status,
            age,
        )


async def listed(api: Api) -> dict[str, int]:
    page = (await api.client.get("/v1/inbox")).json()
    msgspec.convert(page, Page[answers.Knock])
    return {one["id"]: one["status"] for one in page["items"]}


async def test_adoption_takes_password_and_registration(api: Api) -> None:
    await api.station("S1")
    await knocked(api, "CP1")
    body = {"station_id": "S1", "password": KEY, "registration": "PENDING"}
    adopted = await api.client.post("/v1/inbox/CP1/adopt", json=body)
    assert adopted.json()["registration"] == "PENDING"
    stored = await api.pool.fetchval("SELECT password_hash FROM charge_points WHERE id = 'CP1'")
    assert passwords.matches(stored, KEY.encode())


async def test_adoption_makes_a_password_on_demand(api: Api) -> None:
    await api.station("S1")
    await knocked(api, "CP1")
    adopted = await api.client.post("/v1/inbox/CP1/adopt", json={"station_id": "S1", "generate_password": True})
    assert adopted.status_code == 201
    stored = await api.pool.fetchval("SELECT password_hash FROM charge_points WHERE id = 'CP1'")
    assert passwords.matches(stored, adopted.json()["password"].encode())


async def test_the_newest_come_first_and_pages_lead_through_all(api: Api) -> None:
    ids = [f"CP {n}" for n in range(7)]
    await knocked(api, *ids)
    found, path = [], "/v1/inbox?limit=3"
    while path:
        answer = await api.client.get(path, headers=bearer(READ))
        found += [one["id"] for one in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert found == list(reversed(ids))


async def test_who_knocks_again_while_pages_are_read_is_neither_left_out_nor_repeated(api: Api) -> None:
    await knocked(api, *(f"CP{n}" for n in range(6)))
    found, path = [], "/v1/inbox?limit=2"
    while path:
        answer = await api.client.get(path)
        found += [one["id"] for one in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
        await api.pool.execute("UPDATE unknown_charge_points SET last_seen_at = clock_timestamp() WHERE id = 'CP0'")
    assert found == [f"CP{n}" for n in reversed(range(6))]


async def test_a_charge_point_that_is_created_knocks_no_more(api: Api) -> None:
    await api.station("S1")
    await knocked(api, "Cp1", "CP2", "CP3")
    await api.client.post("/v1/stations/S1/charge-points", json={"id": "CP1"})
    assert set(await listed(api)) == {"CP2", "CP3"}
    await api.client.post(
        "/v1/import",
        content='{"charge_point_id": "cp2", "station_id": "S1"}',
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert set(await listed(api)) == {"CP3"}
    await knocked(api, "CP1")  # a gateway hands over late
    assert set(await listed(api)) == {"CP3"}
    await api.client.delete("/v1/charge-points/CP1")
    assert set(await listed(api)) == {"CP1", "CP3"}


async def test_what_is_forgotten_is_gone_until_it_knocks_again(api: Api) -> None:
    await knocked(api, "CP1", "CP2")
    assert (await api.client.delete("/v1/inbox/cp1")).status_code == 204
    assert (await api.client.delete("/v1/inbox/cp1")).status_code == 404
    assert set(await listed(api)) == {"CP2"}


async def test_who_did_not_knock_or_has_nowhere_to_go_is_not_adopted(api: Api) -> None:
    await knocked(api, "CP1")
    await api.station("S1")
    assert (await api.client.post("/v1/inbox/CP9/adopt", json={"station_id": "S1"})).status_code == 404
    nowhere = await api.client.post("/v1/inbox/CP1/adopt", json={"station_id": "S9"})
    assert nowhere.status_code == 422
    assert nowhere.json()["errors"][0]["field"] == "station_id"
    assert set(await listed(api)) == {"CP1"}


@pytest.mark.parametrize("cursor", ["x", "aTp4", "aToxIA", "YTox"])
async def test_a_cursor_of_another_list_is_refused(api: Api, cursor: str) -> None:
    assert (await api.client.get("/v1/inbox", params={"cursor": cursor})).status_code == 422


# Gateways from here on: they hand over late, so what one test refused may be listed in the next.


async def comes_in(gateway: Gateway, charge_point_id: str) -> bool:
    """A refusal is remembered for a second, and longer where the machine is slow."""
    return await refused(gateway, charge_point_id) == 101


async def test_a_charger_knocks_is_adopted_and_comes_in(api: Api, ingest: Ingest) -> None:
    cp = new_id("Cp")
    await api.station("S1")
    assert await refused(ingest.gateways[0], cp) == 404

    async def there() -> bool:
        return (await listed(api)).get(cp) == 404

    await eventually(there)
    adopted = await api.client.post(f"/v1/inbox/{cp.upper()}/adopt", json={"station_id": "S1"})
    assert adopted.status_code == 201
    assert adopted.headers["Location"] == f"/v1/charge-points/{cp}"
    assert (adopted.json()["id"], adopted.json()["station_id"]) == (cp, "S1")
    assert cp not in await listed(api)
    await eventually(lambda: comes_in(ingest.gateways[0], cp))
    async with plugged(api, ingest.gateways[0], cp):
        assert (await api.client.get("/v1/stations/S1")).json()["status"] == "AVAILABLE"


async def test_a_known_charger_with_a_wrong_password_is_listed_as_such(api: Api, ingest: Ingest) -> None:
    cp = new_id()
    await api.station("S1")
    await api.client.post("/v1/stations/S1/charge-points", json={"id": cp, "password": KEY})

    async def is_refused() -> bool:
        return await refused(ingest.gateways[1], cp) == 401

    async def is_listed() -> bool:
        return (await listed(api)).get(cp) == 401

    await eventually(is_refused)
    await eventually(is_listed)  # it knocks no more meanwhile: too often is 429
    adopted = await api.client.post(f"/v1/inbox/{cp}/adopt", json={"station_id": "S1"})
    assert adopted.status_code == 409


async def test_a_deleted_charger_is_put_out_and_a_reborn_one_has_a_life_of_its_own(api: Api, ingest: Ingest) -> None:
    cp = new_id()
    await api.station("S1", cp)
    history = "SELECT count(*) FROM history h JOIN charge_points c ON c.key = h.charge_point_key WHERE c.id = $1"
    alive = f"{history} AND c.deleted_at IS NULL"
    async with plugged(api, ingest.gateways[0], cp, "ocpp1.6", "Faulted") as plug:
        assert (await api.client.delete(f"/v1/charge-points/{cp}")).status_code == 204
        assert await plug.closed() == 1008
    lines = await api.pool.fetchval(history, cp)
    for gateway in ingest.gateways:
        assert await refused(gateway, cp) == 404
    await api.client.post("/v1/stations/S1/charge-points", json={"id": cp})
    again = (await api.client.get(f"/v1/charge-points/{cp}")).json()
    assert (again["connectivity"], again["evses"], again["status"]) == ("NEVER", [], "UNKNOWN")
    assert await api.pool.fetchval(alive, cp) == 0
    await eventually(lambda: comes_in(ingest.gateways[1], cp))
    async with plugged(api, ingest.gateways[1], cp):
        document = (await api.client.get(f"/v1/charge-points/{cp}")).json()
        assert document["connectivity"] == "ONLINE"
        assert (await api.client.get("/v1/stations/S1")).json()["charge_points"] == [document]
    assert await api.pool.fetchval(history, cp) > lines
    assert await api.pool.fetchval(f"{history} AND c.deleted_at IS NOT NULL", cp) == lines


async def test_deleted_and_created_in_one_breath_puts_the_old_socket_out(api: Api, ingest: Ingest) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp) as plug:
        await api.client.delete(f"/v1/charge-points/{cp}")
        created = api.client.post("/v1/stations/S1/charge-points", json={"id": cp.lower()})
        assert (await asyncio.gather(created, plug.closed()))[1] == 1008
    async with knocking(ingest.gateways[0], cp) as plug:
        await plug.boot()
        await plug.report("Available")

        async def shown() -> bool:
            return bool((await api.client.get(f"/v1/charge-points/{cp}")).json()["status"] == "AVAILABLE")

        await eventually(shown)
