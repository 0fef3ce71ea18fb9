"""How answers travel: compressed where it pays, with entity tags, never guessed at."""

import gzip

import httpx
import pytest

from tests.integration.api.served import Api

GZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}
TAGGED = (
    "/v1/stations",
    "/v1/stations?limit=1",
    "/v1/charge-points",
    "/v1/connectors",
    "/v1/stats",
    "/v1/stats/series?from=2026-03-01T00:00:00Z&to=2026-03-01T01:00:00Z",
    "/v1/charge-points/CP1/history",
    "/v1/stations/S1/history",
    "/v1/inbox",
    "/v1/audit",
    "/v1/stations/S1",
    "/v1/charge-points/CP1",
    "/v1/board",
)


async def raw(api: Api, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    async with api.client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join([chunk async for chunk in answer.aiter_raw()])


async def test_json_over_a_kilobyte_is_compressed_for_who_takes_it(api: Api) -> None:
    await api.station("S1", *(f"CP{n}" for n in range(5)))
    for path in ("/v1/stations/S1", "/v1/charge-points", "/openapi.json"):
        plain, body = await raw(api, path, **PLAIN)
        packed, zipped = await raw(api, path, **GZIP)
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert int(packed.headers["Content-Length"]) == len(zipped) < len(body) / 2
        assert gzip.decompress(zipped) == body
        assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
        assert plain.headers.get("ETag") == packed.headers.get("ETag"), "If-Match takes either"


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "identity"])
async def test_who_does_not_take_gzip_is_not_given_it(api: Api, accepted: str) -> None:
    answer, body = await raw(api, "/openapi.json", **{"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert body.startswith(b"{")


async def test_what_is_small_or_no_json_is_left_as_it_is(api: Api) -> None:
    await api.station("S1", *(f"CP{n:020}" for n in range(40)))
    for path in ("/v1/stats?", "/v1/nowhere", "/v1/export", "/livez"):
        answer, _ = await raw(api, path, **GZIP)
        assert "Content-Encoding" not in answer.headers, path


@pytest.mark.parametrize("path", TAGGED)
async def test_who_holds_an_answer_already_is_told_so(api: Api, path: str) -> None:
    await api.station("S1", "CP1")
    await api.station("S2")
    first = await api.client.get(path)
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "no-cache")
    for tag in (first.headers["ETag"], f"W/{first.headers['ETag']}", f'"other", {first.headers["ETag"]}'):
        again = await api.client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        assert again.headers.get("Link") == first.headers.get("Link")
    assert (await api.client.get(path, headers={"If-None-Match": '"other"'})).content == first.content


async def test_another_answer_has_another_tag(api: Api) -> None:
    await api.station("S1")
    before = (await api.client.get("/v1/stations")).headers["ETag"]
    await api.station("S2")
    changed = await api.client.get("/v1/stations", headers={"If-None-Match": before})
    assert (changed.status_code, changed.headers["ETag"] != before) == (200, True)


async def test_the_head_of_an_answer_is_that_of_the_whole(api: Api) -> None:
    await api.station("S1", *(f"CP{n}" for n in range(5)))
    paths = {path for path, methods in api.app.openapi()["paths"].items() if "get" in methods and path != "/v1/stream"}
    for path in paths:
        url = path.format(station_id="S1", charge_point_id="CP1", evse_id=1, connector_id=1)
        whole, head = await api.client.get(url), await api.client.head(url)
        names = ("Content-Type", "Content-Encoding", "Content-Length", "ETag", "Cache-Control", "Vary")
        assert head.status_code == whole.status_code, url
        if url != "/v1/stats/series":  # ends now
            assert [head.headers.get(name) for name in names] == [whole.headers.get(name) for name in names], url


@pytest.mark.parametrize("path", ["/v1/stations", "/v1/nowhere", "/", "/livez", "/docs", "/openapi.json", "/v1/export"])
async def test_nobody_may_guess_what_an_answer_is(api: Api, path: str) -> None:
    answer = await api.client.get(path)
    assert answer.headers.get_list("X-Content-Type-Options") == ["nosniff"]
