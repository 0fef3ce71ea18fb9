"""/v1/audit: who changed what; and tokens with names."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from api.audit import answers
from api.http.access import Author
from api.http.pages import Page
from api.inventory import trail
from api.inventory.trail import Entry
from tests.integration.api.operated import Ingest, new_id, plugged
from tests.integration.api.served import ADMIN, READ, Api, bearer

KEY = "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"
OTHER_KEY = "0000000000000000000000000000000000000000"
Listed = dict[str, Any]


async def entries(api: Api, **filters: str) -> list[Listed]:
    """The oldest first."""
    answer = await api.client.get("/v1/audit", params=filters, headers=bearer(ADMIN))
    assert answer.status_code == 200, answer.text
    page = answer.json()
    msgspec.convert(page, Page[answers.AuditEntry])
    found: list[Listed] = page["items"]
    return found[::-1]


def brief(entry: Listed) -> tuple[object, ...]:
    return tuple(entry[name] for name in ("action", "station_id", "charge_point_id", "before", "after"))


async def test_every_write_leaves_an_entry_with_what_was_and_what_became_of_it(api: Api) -> None:
    client = api.client
    await client.post("/v1/stations", json={"id": "S1", "name": "A"})
    await client.patch("/v1/stations/S1", json={"name": "B", "address": None})
    await client.post("/v1/stations/S1/charge-points", json={"id": "Cp1"})
    await client.patch("/v1/charge-points/CP1", json={"station_id": None, "registration": "PENDING"})
    await client.patch("/v1/charge-points/CP1", json={"station_id": "S1"})
    await client.put("/v1/stations/S1/availability", json={"operative": False, "note": "works"})
    await client.delete("/v1/stations/S1")
    nothing = dict.fromkeys(("address", "latitude", "longitude", "time_zone"))
    assert [brief(entry) for entry in await entries(api)] == [
        ("station.created", "S1", None, None, {"name": "A", **nothing}),
        ("station.changed", "S1", None, {"name": "A"}, {"name": "B"}),
        ("charge_point.created", "S1", "Cp1", None, {"registration": "ACCEPTED"}),
        (
            "charge_point.changed",
            None,
            "Cp1",
            {"station_id": "S1", "registration": "ACCEPTED"},
            {"station_id": None, "registration": "PENDING"},
        ),
        ("charge_point.changed", "S1", "Cp1", {"station_id": None}, {"station_id": "S1"}),
        ("availability.asked", "S1", "Cp1", {"operative": True}, {"operative": False, "note": "works"}),
        ("charge_point.deleted", "S1", "Cp1", {"registration": "PENDING"}, None),
        ("station.deleted", "S1", None, {"name": "B", **nothing}, None),
    ]


async def test_adopting_forgetting_and_importing_leave_entries_too(api: Api) -> None:
    await api.station("S1")
    for charge_point_id in ("CP1", "CP2"):
        await api.pool.execute(
            "INSERT INTO unknown_charge_points (folded_id, id, status) VALUES (lower($1), $1, 404)", charge_point_id
        )
    await api.client.post("/v1/inbox/CP1/adopt", json={"station_id": "S1"})
    await api.client.delete("/v1/inbox/CP2")
    imported = await api.client.post(
        "/v1/import",
        content="station_id,station_name,charge_point_id,registration\nS1,B,CP1,REJECTED\nS2,N,,\n",
        headers={"Content-Type": "text/csv", "X-Request-ID": "of-the-import"},
    )
    assert imported.json()["totals"]["error"] == 0
    found = await entries(api)
    assert [entry["action"] for entry in found] == [
        "station.created",
        "charge_point.adopted",
        "inbox.forgotten",
        "station.created",
        "station.changed",
        "charge_point.changed",
    ]
    assert {entry["request_id"] for entry in found[3:]} == {"of-the-import"}


async def test_a_command_leaves_an_entry_with_its_answer(api: Api, ingest: Ingest) -> None:
    cp = new_id()
    await api.station("S1", cp)
    async with plugged(api, ingest.gateways[0], cp) as plug:
        reset = asyncio.create_task(api.client.post(f"/v1/charge-points/{cp}/reset", json={"kind": "graceful"}))
        await plug.answer({"status": "Rejected"})
        await reset
        unlock = {"evse_id": 1, "connector_id": 1}
        asked = asyncio.create_task(api.client.post(f"/v1/charge-points/{cp}/unlock", json=unlock))
        await plug.refuse("NotSupported", "no lock")
        await asked
    assert [brief(entry) for entry in (await entries(api, charge_point_id=cp))[1:]] == [
        ("command.reset", "S1", cp, None, {"argument": "graceful", "status": "Rejected"}),
        ("command.unlock", "S1", cp, None, {**unlock, "error": "refused", "detail": "NotSupported: no lock"}),
    ]


async def test_a_password_is_never_in_it(api: Api) -> None:
    await api.station("S1")
    await api.client.post("/v1/stations/S1/charge-points", json={"id": "CP1", "password": KEY})
    await api.client.patch("/v1/charge-points/CP1", json={"password": OTHER_KEY})
    await api.client.patch("/v1/charge-points/CP1", json={"password": None})
    await api.client.post(
        "/v1/import",
        content=f"charge_point_id,password\nCP1,{KEY}\nCP2,{KEY}\n",
        headers={"Content-Type": "text/csv"},
    )
    found = [brief(entry)[-1] for entry in (await entries(api))[1:]]
    assert found == [
        {"registration": "ACCEPTED", "password": "set"},
        {"password": "set"},
        {"password": "removed"},
        {"password": "set"},
        {"password": "set", "registration": "ACCEPTED"},
    ]
    rows = await api.pool.fetch("SELECT audit::text AS row FROM audit")
    assert not any(secret in row["row"] for row in rows for secret in (KEY, OTHER_KEY, "hmac$", "scrypt$"))


async def test_what_is_refused_or_changes_nothing_leaves_none(api: Api) -> None:
    await api.station("S1", "CP1")
    before = await entries(api)
    await api.client.post("/v1/stations", json={"id": "S1", "name": "A"})
    await api.client.post("/v1/stations/S1/charge-points", json={"id": "cp1"})
    await api.client.patch("/v1/stations/S1", json={"name": "S1"})
    await api.client.patch("/v1/charge-points/CP1", json={"station_id": "S9"})
    await api.client.delete("/v1/stations/S1", headers={"If-Match": '"9.9"'})
    await api.client.put("/v1/charge-points/CP1/connectors/1/1/availability", json={"operative": False})
    await api.client.post("/v1/charge-points/CP1/reset", json={"kind": "graceful"})
    assert await entries(api) == before


async def test_a_token_with_a_name_names_who_it_was(build: Callable[..., Api]) -> None:
    api = build(
        admin=(ADMIN, "field-team:s3cret-1-of-tests", "dispatch.2:s3cret-2-of-tests"),
        read=(READ, "wall:screen-1-of-tests"),
    )
    for number, token in enumerate((ADMIN, "s3cret-1-of-tests", "s3cret-2-of-tests", "dispatch.2:s3cret-2-of-tests")):
        created = await api.client.post("/v1/stations", json={"id": f"S{number}", "name": "A"}, headers=bearer(token))
        assert created.status_code == 201
    assert [entry["actor"] for entry in await entries(api)] == ["admin", "field-team", "dispatch.2", "dispatch.2"]
    assert [entry["station_id"] for entry in await entries(api, actor="field-team")] == ["S1"]
    for token, status in (
        ("screen-1-of-tests", 200),
        ("wall", 401),
        ("field-team", 401),
        ("field-team:", 401),
        ("wall:", 401),
    ):
        assert (await api.client.get("/v1/stations", headers=bearer(token))).status_code == status, token


@pytest.mark.parametrize(("token", "status"), [(ADMIN, 200), (READ, 403), ("guessed", 401)])
async def test_only_admins_read_it(api: Api, token: str, status: int) -> None:
    assert (await api.client.get("/v1/audit", headers=bearer(token))).status_code == status


async def test_who_follows_by_id_misses_nothing_that_is_committed_later(api: Api) -> None:
    """Writes of other stations at once: as soon as an id is seen, all smaller ones are there for good."""
    seen: dict[int, list[int]] = {}

    async def write(number: int) -> None:
        for part in range(4):
            rows = "".join(f"S{number}-{part}-{row},N\n" for row in range(1 + number % 3 * 40))
            await api.client.post(
                "/v1/import", content=f"station_id,station_name\n{rows}", headers={"Content-Type": "text/csv"}
            )

    async def follow() -> None:
        while True:
            ids = [row["id"] for row in await api.pool.fetch("SELECT id FROM audit ORDER BY id")]
            if ids:
                seen[ids[-1]] = ids
            await asyncio.sleep(0)

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(number) for number in range(6)))
    following.cancel()
    last = [row["id"] for row in await api.pool.fetch("SELECT id FROM audit ORDER BY id")]
    assert len(seen) > 3
    for newest, ids in seen.items():
        assert ids == [one for one in last if one <= newest]


async def test_times_go_up_with_ids(api: Api) -> None:
    """One that began first and took long is written where it was committed."""
    async with api.pool.acquire() as slow, slow.transaction():
        await slow.execute("SELECT now()")
        await api.station("S1")
        await trail.record(slow, Author("slow", "r"), [Entry("test", None, None, None, None)])
    first, second = await entries(api)
    assert (first["actor"], second["actor"]) == ("admin", "slow")
    assert first["at"] <= second["at"]


async def test_it_is_found_by_what_it_is_about_and_when_it_was(api: Api) -> None:
    await api.station("S1", "Cp1")
    await api.station("S2", "CP2")
    await api.client.delete("/v1/charge-points/Cp1")
    await api.client.post("/v1/stations/S2/charge-points", json={"id": "CP1"})
    found = await entries(api, charge_point_id="cp1")
    assert [(entry["action"], entry["charge_point_id"]) for entry in found] == [
        ("charge_point.created", "Cp1"),
        ("charge_point.deleted", "Cp1"),
        ("charge_point.created", "CP1"),
    ]
    assert len(await entries(api, station_id="S2")) == 3
    assert len(await entries(api, station_id="S2", charge_point_id="CP2")) == 1
    assert await entries(api, actor="nobody") == []
    every = await entries(api)
    middle = every[3]["at"]
    since = await entries(api, **{"from": middle})
    assert every[-1] in since
    assert every[0] not in since or every[0]["at"] == middle
    later = (datetime.fromisoformat(every[-1]["at"]) + timedelta(seconds=1)).isoformat()
    assert await entries(api, **{"from": later}) == []
    assert await entries(api, to=later) == every
    for wrong in (
        {"from": "yesterday"},
        {"cursor": "x"},
        {"limit": "0"},
        {"who": "me"},
    ):
        assert (await api.client.get("/v1/audit", params=wrong)).status_code == 422, wrong


async def test_pages_lead_through_all_of_it_newest_first(api: Api) -> None:
    for number in range(7):
        await api.station(f"S{number}")
    found, path = [], "/v1/audit?limit=3"
    while path:
        answer = await api.client.get(path)
        found += [entry["station_id"] for entry in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert found == [f"S{number}" for number in reversed(range(7))]
