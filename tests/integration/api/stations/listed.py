"""Lists as tests read them."""

from typing import Any

from tests.integration.api.served import Api


async def ids(api: Api, url: str) -> list[str]:
    answer = await api.client.get(url)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def pages(api: Api, url: str) -> list[dict[str, Any]]:
    """All items, by following Link."""
    items = []
    while url:
        answer = await api.client.get(url)
        items += answer.json()["items"]
        assert len(items) < 1000, "pages without an end"
        url = answer.links["next"]["url"] if "next" in answer.links else ""
        assert bool(url) == (answer.json()["next_cursor"] is not None)
    return items


async def at(api: Api, station_id: str, latitude: float, longitude: float, name: str = "A") -> None:
    body = {"id": station_id, "name": name, "latitude": latitude, "longitude": longitude}
    assert (await api.client.post("/v1/stations", json=body)).status_code in (201, 409)
