"""GET /v1/connectors: every plug of the network, by status and by error."""

from typing import Any

from tests.integration.api.served import Api


async def reported(api: Api, charge_point_id: str, *told: tuple[int, str, str, str]) -> None:
    """Reports as a rollup leaves them: (EVSE, word, status, error code)."""
    await api.rolled_up(charge_point_id, *(status for _, _, status, _ in told))  # type: ignore[arg-type]
    for evse_id, word, status, error_code in told:
        await api.pool.execute(
            """
            INSERT INTO reports (charge_point_key, evse_id, connector_id, reported, error_code, since, event_time,
                                 received_at, epoch, sequence, status, reason, status_since)
            SELECT key, $2, 1, $3, $5, now(), now(), now(), 1, 1, $4, 'OWN', now() FROM charge_points WHERE id = $1
            """,
            charge_point_id,
            evse_id,
            word,
            status,
            error_code,
        )


async def flagged(api: Api, charge_point_id: str, evse_id: int, *, flapping: bool = False, stuck: bool = False) -> None:
    """Flags as a rollup raises them."""
    await api.pool.execute(
        "WITH of AS (UPDATE charge_points SET flapping = $3, stuck = $4 WHERE id = $1 RETURNING key) "
        "UPDATE reports SET flapping = $3, stuck = $4 FROM of WHERE charge_point_key = key AND evse_id = $2",
        charge_point_id,
        evse_id,
        flapping,
        stuck,
    )


async def listed(api: Api, query: str = "") -> list[tuple[str, int]]:
    answer = await api.client.get(f"/v1/connectors{query}")
    assert answer.status_code == 200, answer.text
    return [(one["charge_point_id"], one["evse_id"]) for one in answer.json()["items"]]


async def test_connectors_are_found_by_status_error_and_station(api: Api) -> None:
    await api.station("S1", "cp1", "CP2")
    await api.station("S2", "CP3", "CP4")
    await reported(api, "cp1", (1, "Available", "AVAILABLE", "NoError"), (2, "Faulted", "FAULTED", "GroundFailure"))
    await reported(api, "CP2", (1, "Charging", "OCCUPIED", "NoError"))
    await reported(api, "CP3", (1, "Faulted", "FAULTED", "OtherError"), (2, "Faulted", "FAULTED", "GroundFailure"))
    await flagged(api, "cp1", 2, flapping=True)
    await flagged(api, "CP3", 1, flapping=True, stuck=True)
    everything = [("cp1", 1), ("cp1", 2), ("CP2", 1), ("CP3", 1), ("CP3", 2)]
    for query, expected in {
        "": everything,
        "?status=FAULTED": [("cp1", 2), ("CP3", 1), ("CP3", 2)],
        "?status=FAULTED&status=OCCUPIED": [("cp1", 2), ("CP2", 1), ("CP3", 1), ("CP3", 2)],
        "?status=RESERVED": [],
        "?error_code=GroundFailure": [("cp1", 2), ("CP3", 2)],
        "?error_code=GroundFailure&status=AVAILABLE": [],
        "?station_id=s1": everything[:3],
        "?station_id=S1&status=FAULTED": [("cp1", 2)],
        "?station_id=none": [],
        "?flapping=true": [("cp1", 2), ("CP3", 1)],
        "?flapping=true&stuck=true": [("CP3", 1)],
        "?flapping=false&status=FAULTED": [("CP3", 2)],
        "?stuck=true&station_id=S1": [],
        "?stuck=false&flapping=true": [("cp1", 2)],
        "?flapping=true&error_code=GroundFailure": [("cp1", 2)],
    }.items():
        assert await listed(api, query) == expected, query
        counted = (await api.client.get(f"/v1/connectors{query}{'&' if query else '?'}count=true&limit=1")).json()
        assert counted["total"] == len(expected), query
        for limit in (1, 2, 4):
            found: list[dict[str, Any]] = []
            url = f"/v1/connectors{query}{'&' if query else '?'}limit={limit}"
            while url:
                answer = await api.client.get(url)
                found += answer.json()["items"]
                assert len(found) <= len(expected), url
                url = answer.links["next"]["url"] if "next" in answer.links else ""
            assert [(one["charge_point_id"], one["evse_id"]) for one in found] == expected, (query, limit)


async def test_a_connector_says_where_it_is_and_what_it_is(api: Api) -> None:
    await api.station("S1", "CP1")
    await reported(api, "CP1", (3, "Faulted", "FAULTED", "GroundFailure"))
    (one,) = (await api.client.get("/v1/connectors")).json()["items"]
    assert (one["station_id"], one["charge_point_id"], one["evse_id"], one["connector_id"]) == ("S1", "CP1", 3, 1)
    assert (one["reported"], one["normalized"], one["status"], one["reason"]) == (
        "Faulted",
        "FAULTED",
        "FAULTED",
        "OWN",
    )
    await api.client.patch("/v1/charge-points/CP1", json={"station_id": None})
    assert (await api.client.get("/v1/connectors")).json()["items"][0]["station_id"] is None
    await api.client.delete("/v1/charge-points/CP1")
    assert await listed(api) == []


async def test_what_is_no_cursor_or_no_filter_is_refused(api: Api) -> None:
    for query in ("cursor=x", "cursor=azox", "status=Faulted", "limit=501", "conectivity=ONLINE"):
        assert (await api.client.get(f"/v1/connectors?{query}")).status_code == 422, query
