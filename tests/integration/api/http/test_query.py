"""Query parameters: what a route does not know is refused, on every route there is and every one to come."""

import gzip
import re
from typing import Any

import httpx
import msgspec
import pytest

from api.http import refusals, times
from tests.integration.api.recorded import Recorded
from tests.integration.api.served import Api

from .test_problems import problem


async def operations(api: Api) -> list[tuple[str, str, list[dict[str, Any]]]]:
    paths = (await api.client.get("/openapi.json")).json()["paths"]
    return [
        (method.upper(), re.sub(r"{.*?}", "1", path), one.get("parameters", []))
        for path, methods in paths.items()
        for method, one in methods.items()
    ]


async def test_no_operation_takes_a_parameter_it_does_not_know(api: Api) -> None:
    found = await operations(api)
    assert len(found) > 25
    for method, path, _ in found:
        for name in ("surprise", "dry-run", "Limit", "limit[]", "%00", "%ff", ""):
            refused = problem(await api.client.request(method, f"{path}?{name}=true"), 422)
            assert "unknown" in refused.errors[0].message, (method, path, name)


async def test_no_operation_takes_one_value_twice(api: Api) -> None:
    singles = 0
    for method, path, parameters in await operations(api):
        for one in parameters:
            if one["name"] == "ticket":  # stands for the token, and is refused as a wrong one is
                continue
            if one["in"] == "query" and "array" not in str(one["schema"]):
                singles += 1
                answer = await api.client.request(method, f"{path}?{one['name']}=1&{one['name']}=1")
                assert "once" in str(problem(answer, 422).errors), (method, path, one)
    assert singles > 20


async def test_no_number_has_an_underscore(api: Api) -> None:
    numbers = set()
    for method, path, parameters in await operations(api):
        for one in parameters:
            if one["in"] == "query" and re.search(r"'type': '(integer|number)'", str(one["schema"])):
                answer = await api.client.request(method, f"{path}?{one['name']}=1_0")
                assert one["name"] in str(problem(answer, 422).errors), (method, path, one)
                numbers.add(one["name"])
    assert {"limit", "radius_m"} <= numbers
    for path in ("charge-points/CP1/connectors/1_0/1", "charge-points/CP1/connectors/1/1_0"):
        assert (await api.client.delete(f"/v1/{path}")).status_code == 422
    for query in ("near=5_2,13", "bbox=1_3,52,14,53"):
        assert (await api.client.get(f"/v1/stations?{query}")).status_code == 422


async def test_what_a_text_may_be_is_said_in_words(api: Api) -> None:
    schema = (await api.client.get("/openapi.json")).text
    found = {msgspec.json.decode(one) for one in re.findall(r'"pattern": ?("(?:[^"\\\\]|\\\\.)*")', schema)}
    assert len(found) >= 4
    assert found <= refusals.WORDS.keys() | {times.STEP_PATTERN}
    await api.station("S1")
    refused = await api.client.post("/v1/stations/S1/charge-points", json={"id": "a/b", "password": "\u00e4" * 16})
    assert [one.message for one in problem(refused, 422).errors] == [
        "should be printable ASCII alone",
        "should be 1 to 48 characters of printable ASCII, without / and :",
    ]


async def test_no_operation_takes_a_compressed_body(api: Api) -> None:
    paths, bodies = (await api.client.get("/openapi.json")).json()["paths"], 0
    for path, methods in paths.items():
        for method, one in methods.items():
            for kind in one.get("requestBody", {}).get("content", ()):
                headers = {"Content-Type": kind, "Content-Encoding": "gzip"}
                url = re.sub(r"{.*?}", "1", path)
                refused = await api.client.request(method, url, content=gzip.compress(b"{}"), headers=headers)
                assert "Content-Encoding" in problem(refused, 415).detail, (method, path)
                assert refused.headers["Accept-Encoding"] == "identity"
                bodies += 1
    assert bodies > 10


async def test_a_value_that_comes_twice_counts_once(api: Api) -> None:
    await api.pool.execute("TRUNCATE history")
    await api.station("S1", "CP1")
    await Recorded(api.pool).status("CP1", 1, "Faulted")
    schemas = (await api.client.get("/openapi.json")).json()["components"]["schemas"]
    shown = 0
    for method, path, parameters in await operations(api):
        url = path.replace("/1", "/CP1" if "charge-points" in path else "/S1")
        for one in parameters if method == "GET" and path != "/v1/stream" else ():
            items: Any = one["schema"].get("items", {})
            for value in (schemas[items["$ref"].rpartition("/")[2]] if "$ref" in items else items).get("enum", ()):
                query = f"{url}?{one['name']}={value}"
                once = (await api.client.get(query)).json()["items"]
                assert (await api.client.get(f"{query}&{one['name']}={value}")).json()["items"] == once, query
                shown += len(once)
    assert shown > 5


async def test_every_operation_says_so(api: Api) -> None:
    paths = (await api.client.get("/openapi.json")).json()["paths"]
    for path, methods in paths.items():
        for method, one in methods.items():
            assert "422" in one["responses"], (method, path)


async def test_a_delete_with_a_doubt_deletes_nothing(api: Api) -> None:
    await api.station("S1", "CP1")
    for path in ("/v1/stations/S1", "/v1/charge-points/CP1", "/v1/%73tations/S1"):
        for query in ("dry_run=true", "dry_run", "force=1;x", "&&a", "if-match=1"):
            problem(await api.client.delete(httpx.URL(f"{path}?{query}")), 422)
    assert (await api.client.get("/v1/charge-points/CP1")).status_code == 200
    assert (await api.client.delete("/v1/stations/S1?")).status_code == 204


async def test_a_filter_that_is_not_there_is_no_answer_for_all(api: Api) -> None:
    assert problem(await api.client.get("/v1/stats?station_id=S1"), 422).errors[0].field == "station_id"


@pytest.mark.parametrize(
    "path", ["/v1/stations?status=AVAILABLE&status=FAULTED&limit=3", "/v1/stations?", "/v1/export?format=jsonl"]
)
async def test_what_is_known_goes_through(api: Api, path: str) -> None:
    assert (await api.client.get(path)).status_code == 200


async def test_what_has_no_route_is_not_found_whatever_the_query(api: Api) -> None:
    problem(await api.client.get("/v1/nowhere?x=1"), 404)
    problem(await api.client.put("/v1/stations/S1?x=1"), 405)


async def test_too_many_parameters_are_refused(api: Api) -> None:
    problem(await api.client.get("/v1/stations?" + "&".join(["status=AVAILABLE"] * 2001)), 422)
