"""The fleet of a load test in the system under load: created by the import, removed station by station, idempotent.

Whatever begins with the prefix of load tests is removed, so also what a test that was killed has left behind.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from gevent.pool import Pool

from loadtest.swarm.scenario.fleet import PREFIX, Fleet

ANSWERS_WITHIN_S = 60
AT_ONCE = 4  #: deletions


class InventoryFailed(Exception):
    """The system did not do as it was asked; says in its words why."""


class Inventory:
    """What a token with the ADMIN scope can change at an API."""

    def __init__(self, api: str, admin_token: str) -> None:
        self._api = api.rstrip("/")
        self._headers = {"Authorization": f"Bearer {admin_token}"}

    def create(self, fleet: Fleet) -> None:
        """All of the fleet; what is there already stays.

        Raises:
            InventoryFailed
        """
        for part in fleet.inventory():
            report = self._ask("POST", "/v1/import", part.encode(), "text/csv")
            if report["totals"]["error"]:
                wrong = next(row for row in report["rows"] if row["result"] == "error")
                raise InventoryFailed(f"POST /v1/import refused row {wrong['row']}: {wrong['errors']}")

    def remove(self) -> int:
        """Every station of a load test, with its charge points; returns how many there were.

        Raises:
            InventoryFailed
        """
        stations = list(self._stations())
        for _ in Pool(AT_ONCE).imap_unordered(lambda id_: self._ask("DELETE", f"/v1/stations/{id_}"), stations):
            pass
        return len(stations)

    def _stations(self) -> Iterator[str]:
        cursor = None
        while True:
            wanted = {"q": PREFIX.strip("-"), "limit": 500} | ({"cursor": cursor} if cursor else {})
            page = self._ask("GET", f"/v1/stations?{urlencode(wanted)}")
            yield from (station["id"] for station in page["items"] if station["id"].startswith(PREFIX))
            cursor = page["next_cursor"]
            if not cursor:
                return

    def _ask(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
        request = urllib.request.Request(self._api + path, body, self._headers | {"Content-Type": kind}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=ANSWERS_WITHIN_S) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refusal:
            if method == "DELETE" and refusal.code == 404:
                return None
            raise InventoryFailed(f"{method} {path}: {refusal} {refusal.read().decode(errors='replace')}") from refusal
        except OSError as error:
            raise InventoryFailed(f"{method} {self._api}{path}: {error}; does the API run there?") from error
