"""GET /v1/history: what happened in the whole network."""

from typing import Any

import msgspec
import pytest

from api.history.answers import HistoryLine
from api.http.pages import Page
from tests.integration.api.recorded import Recorded, minute
from tests.integration.api.served import Api


@pytest.fixture
async def recorded(api: Api) -> Recorded:
    """Two stations of a night: what is said of CP1 and CP2 in turn."""
    await api.pool.execute("TRUNCATE history")
    await api.station("S1", "CP1")
    await api.station("S2", "CP2")
    recorded = Recorded(api.pool)
    await recorded.status("CP1", 0, "Available")
    await recorded.status("CP2", 1, "Faulted")
    await recorded.status("CP1", 2, "Charging", 2)
    await recorded.connectivity("CP2", 3, "OFFLINE")
    await recorded.status("CP1", 4, "Faulted")
    await recorded.status("CP2", 5, "Humming")
    await recorded.connectivity("CP2", 6, "ONLINE")
    return recorded


async def listed(api: Api, **query: Any) -> list[tuple[str, str]]:
    answer = await api.client.get("/v1/history", params=query)
    assert answer.status_code == 200, answer.text
    page = msgspec.json.decode(answer.content, type=Page[HistoryLine])
    return [(line.charge_point_id, line.reported) for line in page.items]


def at(number: float) -> str:
    return minute(number).isoformat()


async def test_what_broke_last_night_is_one_request(api: Api, recorded: Recorded) -> None:
    everything = await listed(api)
    assert everything == [
        ("CP2", "ONLINE"),
        ("CP2", "Humming"),
        ("CP1", "Faulted"),
        ("CP2", "OFFLINE"),
        ("CP1", "Charging"),
        ("CP2", "Faulted"),
        ("CP1", "Available"),
    ]
    assert await listed(api, status="FAULTED") == [("CP1", "Faulted"), ("CP2", "Faulted")]
    assert await listed(api, **{"status": "FAULTED", "from": at(2)}) == [("CP1", "Faulted")]
    assert await listed(api, status="FAULTED", to=at(4)) == [("CP2", "Faulted")]
    assert await listed(api, status=["FAULTED", "OCCUPIED"]) == [everything[2], everything[4], everything[5]]
    assert await listed(api, kind="CONNECTIVITY", reported="OFFLINE") == [("CP2", "OFFLINE")]
    assert await listed(api, kind="STATUS", error_code="GroundFailure") == []
    assert await listed(api, kind="STATUS", error_code="NoError", status="OCCUPIED") == [("CP1", "Charging")]


async def test_lines_say_where_their_charge_point_is_now(api: Api, recorded: Recorded) -> None:
    await api.client.patch("/v1/charge-points/CP1", json={"station_id": "S2"})
    await api.client.patch("/v1/charge-points/CP2", json={"station_id": None})
    items = (await api.client.get("/v1/history?status=FAULTED")).json()["items"]
    assert [(one["charge_point_id"], one["station_id"]) for one in items] == [("CP1", "S2"), ("CP2", None)]
    await api.client.delete("/v1/charge-points/CP1")
    assert await listed(api, status="FAULTED") == [("CP2", "Faulted")]


@pytest.mark.parametrize("query", ["", "status=FAULTED&status=OCCUPIED&", "kind=CONNECTIVITY&"])
async def test_pages_leave_nothing_out_and_double_nothing(api: Api, recorded: Recorded, query: str) -> None:
    for same in range(5):  # received in the same moment
        await recorded.status("CP1", 4, "Faulted", same + 3)
    whole = (await api.client.get(f"/v1/history?{query}")).json()["items"]
    for limit in (1, 2, 3):
        found: list[dict[str, Any]] = []
        url = f"/v1/history?{query}limit={limit}"
        while url:
            answer = await api.client.get(url)
            found += answer.json()["items"]
            assert len(found) <= len(whole)
            url = answer.links["next"]["url"] if "next" in answer.links else ""
        assert found == whole


async def test_what_cannot_be_is_refused(api: Api) -> None:
    for query in ("status=Faulted", f"from={at(2)[:-6]}&to={at(1)[:-6]}", "cursor=x", "limit=0", "station=S1"):
        assert (await api.client.get(f"/v1/history?{query}")).status_code == 422, query
