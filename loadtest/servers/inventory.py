"""Stations and charge points of a system under measurement, by its import."""

import json
import urllib.request
from collections.abc import Iterable, Mapping

ROWS_AT_ONCE = 2_000


def imported(api_port: int, token: str, rows: Iterable[Mapping[str, str]]) -> None:
    """Creates them; a row has ``charge_point_id``, and perhaps ``station_id``, ``password`` …

    Raises:
        ValueError: not each of them was new and right.
    """
    wanted = list(rows)
    for start in range(0, len(wanted), ROWS_AT_ONCE):
        part = wanted[start : start + ROWS_AT_ONCE]
        request = urllib.request.Request(
            f"http://127.0.0.1:{api_port}/v1/import",
            "\n".join(map(json.dumps, part)).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:
            totals = json.load(answer)["totals"]
        if totals["created"] != len(part):
            raise ValueError(f"{len(part)} charge points were to be created: {totals}")


def in_stations(charge_points: Iterable[str], each: int = 4, prefix: str = "S") -> Iterable[dict[str, str]]:
    """Rows of an import that put ``each`` charge points into a station."""
    for n, charge_point in enumerate(charge_points):
        station = f"{prefix}{n // each:05d}"
        yield {"station_id": station, "station_name": f"Station {station}", "charge_point_id": charge_point}
