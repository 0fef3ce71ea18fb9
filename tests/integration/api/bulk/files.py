"""Files of an inventory as they are sent and asked for, and what they could touch."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import msgspec

from api.bulk import answers
from tests.integration.api.served import READ, Api, bearer

KEY = "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"
CHOSEN = "correct horse battery staple"
HEADER = "station_id,station_name,address,latitude,longitude,time_zone,charge_point_id,password,registration"
Row = Mapping[str, Any]


async def send(api: Api, content: str | bytes, kind: str = "text/csv", **query: str) -> httpx.Response:
    return await api.client.post("/v1/import", content=content, headers={"Content-Type": kind}, params=query)


async def report(api: Api, content: str | bytes, kind: str = "text/csv", **query: str) -> dict[str, Any]:
    answer = await send(api, content, kind, **query)
    assert answer.status_code == 200, answer.text
    msgspec.json.decode(answer.content, type=answers.ImportReport)
    told: dict[str, Any] = answer.json()
    return told


async def results(api: Api, *lines: str, header: str = HEADER, **query: str) -> list[str]:
    told = await report(api, "\n".join((header, *lines)), **query)
    return [row["result"] for row in told["rows"]]


async def json_results(api: Api, *rows: Row, **query: str) -> list[str]:
    told = await report(api, "\n".join(map(json.dumps, rows)), "application/x-ndjson", **query)
    return [row["result"] for row in told["rows"]]


def wrong(told: Mapping[str, Any]) -> dict[int, set[str]]:
    return {row["row"]: {error["field"] for error in row["errors"]} for row in told["rows"] if row["errors"]}


async def exported(api: Api, format_: str = "csv") -> str:
    answer = await api.client.get("/v1/export", params={"format": format_}, headers=bearer(READ))
    assert answer.status_code == 200
    assert f"plugwatch.{format_}" in answer.headers["Content-Disposition"]
    return answer.text


async def state(api: Api) -> Sequence[Any]:
    """All that an import could touch."""
    queries = (
        "SELECT key, version, revision, name, deleted_at FROM stations ORDER BY key",
        "SELECT key, version, revision, document, password_hash FROM charge_points ORDER BY key",
        "SELECT id FROM audit ORDER BY id",
        "SELECT id FROM unpublished",
    )
    return [await api.pool.fetch(query) for query in queries]


async def hashes(api: Api) -> dict[str, str]:
    rows = await api.pool.fetch("SELECT id, password_hash FROM charge_points")
    return {row["id"]: row["password_hash"] for row in rows}
