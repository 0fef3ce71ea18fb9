"""The map of more stations than the board holds: counted by the API, and asked anew when it is moved."""

from collections.abc import Callable
from typing import Any

from local.web import Api
from tests.board.browser import tab
from tests.board.thousands.network import another_api

Made = Callable[[str], tuple[str, str]]
WORLD = "/v1/board/clusters?bbox=-180,-90,180,90&zoom=3"


def test_the_map_of_too_many_stations_shows_them_all(
    run: dict[str, Any], api: Api, browser: Any, charge_point: Made
) -> None:
    for number in range(4):
        charge_point(f"Crowd {number}")
    api.create("/v1/stations", {"id": "beside", "name": "Beside", "latitude": 52.14, "longitude": 5.14})
    with another_api(run, BOARD_STATIONS="2") as url, tab(browser, url, token=run["admin_token"]) as opened:
        page = opened.open("#view=map")
        page.get_by_text("The map shows all stations that have a place").wait_for()
        page.get_by_text("the counts and the map are of all").wait_for()
        for _ in range(12):
            if page.locator(".cluster span").all_inner_texts() == [str(whole(api))]:
                break
            page.get_by_role("button", name="Zoom out").click()
            page.wait_for_timeout(600)
        assert page.locator(".cluster span").all_inner_texts() == [str(whole(api))]
        page.locator("#search").fill("beside")
        page.get_by_text("The map shows all stations that have a place").wait_for(state="detached")
        page.locator("#search").fill("")
        with page.expect_response(lambda answer: "/v1/board/clusters" in answer.url):
            page.locator(".cluster").click()
        page.locator(".pin[title^='Beside']").or_(page.locator(".cluster")).first.wait_for()


def whole(api: Api) -> int:
    """How many stations have a place."""
    found = api.get(WORLD)
    return len(found["stations"]["id"]) + int(sum(found["clusters"]["count"]))
