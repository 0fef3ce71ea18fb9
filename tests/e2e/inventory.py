"""The API as an operator uses it: stations, charge points, history; and waiting for what it shows."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx

Document = dict[str, Any]
POLL_S = 0.05


class Inventory:
    """One client of the API; every request raises unless it succeeds."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @classmethod
    @asynccontextmanager
    async def of(cls, api: str, token: str) -> AsyncIterator["Inventory"]:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=api, headers=headers, timeout=10) as client:
            yield cls(client)

    async def add_station(self, station_id: str) -> None:
        await self._send("POST", "/v1/stations", {"id": station_id, "name": station_id})

    async def add_charge_point(self, station_id: str, charge_point_id: str, **more: str) -> None:
        await self._send("POST", f"/v1/stations/{station_id}/charge-points", {"id": charge_point_id, **more})

    async def register(self, charge_point_id: str, registration: str) -> None:
        await self._send(
            "PATCH", f"/v1/charge-points/{quote(charge_point_id, safe='')}", {"registration": registration}
        )

    async def import_registrations(self, registrations: Mapping[str, str]) -> None:
        lines = [f"{charge_point_id},{registration}" for charge_point_id, registration in registrations.items()]
        await self._send("POST", "/v1/import", text="\n".join(["charge_point_id,registration", *lines]))

    async def remove_station(self, station_id: str) -> None:
        await self._send("DELETE", f"/v1/stations/{station_id}")

    async def station(self, station_id: str) -> Document:
        return await self._read(f"/v1/stations/{station_id}")

    async def charge_point(self, charge_point_id: str) -> Document:
        return await self._read(f"/v1/charge-points/{quote(charge_point_id, safe='')}")

    async def shows(self, charge_point_id: str, wanted: Callable[[Document], bool], within_s: float = 5.0) -> Document:
        """The document as soon as it is as wanted; AssertionError with the last one if that takes too long."""
        deadline = time.monotonic() + within_s
        while not wanted(document := await self.charge_point(charge_point_id)):
            assert time.monotonic() < deadline, f"after {within_s} s the API still shows {document}"
            await asyncio.sleep(POLL_S)
        return document

    async def _read(self, path: str) -> Document:
        document: Document = (await self._send("GET", path)).json()
        return document

    async def _send(
        self, method: str, path: str, body: Document | None = None, *, text: str | None = None
    ) -> httpx.Response:
        headers = {} if text is None else {"Content-Type": "text/csv"}
        response = await self._client.request(method, path, json=body, content=text, headers=headers)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response


def reported(document: Document) -> dict[str, str]:
    """The charger's own words in a document, by `evse:connector`; `0:0` is the charge point itself."""
    statuses = {f"{evse['id']}:{c['id']}": c["reported"] for evse in document["evses"] for c in evse["connectors"]}
    return statuses | ({"0:0": document["connector0"]["reported"]} if document["connector0"] else {})


def says(statuses: Mapping[str, str]) -> Callable[[Document], bool]:
    """Whether a document has at least these statuses."""
    return lambda document: statuses.items() <= reported(document).items()
