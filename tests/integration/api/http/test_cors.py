"""Pages of other origins: none by default, and those that a setting names."""

from collections.abc import Callable

import pytest

from tests.integration.api.served import READ, Api, bearer

PAGE = "https://map.example"


@pytest.fixture
def open_api(build: Callable[..., Api]) -> Api:
    return build(cors_origins=(PAGE, "http://localhost:5173"))


async def preflight(api: Api, origin: str, method: str = "PATCH") -> dict[str, str]:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type, if-match, last-event-id",
    }
    answer = await api.client.options("/v1/stations/S1", headers=asked | {"Authorization": ""})
    return dict(answer.headers) | {"status": str(answer.status_code)}


async def test_a_preflight_of_a_known_origin_needs_no_token(open_api: Api) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = await preflight(open_api, PAGE, method)
        assert answer["status"] == "200"
        assert answer["access-control-allow-origin"] == PAGE
        assert method in answer["access-control-allow-methods"]
        assert "last-event-id" in answer["access-control-allow-headers"].lower()


async def test_an_unknown_origin_is_told_nothing(open_api: Api) -> None:
    answer = await preflight(open_api, "https://elsewhere.example")
    assert answer["status"] == "400"
    assert "access-control-allow-origin" not in answer


async def test_without_the_setting_there_is_no_other_origin(api: Api) -> None:
    assert "access-control-allow-origin" not in await preflight(api, PAGE)
    answer = await api.client.get("/v1/stations", headers={"Origin": PAGE})
    assert "access-control-allow-origin" not in answer.headers


async def test_what_a_page_must_read_is_exposed_in_answers_and_refusals(open_api: Api) -> None:
    await open_api.station("S1")
    for headers, status in ((bearer(READ), 200), (bearer("guessed"), 401)):
        answer = await open_api.client.get("/v1/stations/S1", headers={"Origin": PAGE, **headers})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        exposed = {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}
        assert {"ETag", "Link", "Location", "Plugwatch-Stream-Id", "X-Request-ID", "Retry-After"} <= exposed
        assert "Origin" in answer.headers["Vary"]
