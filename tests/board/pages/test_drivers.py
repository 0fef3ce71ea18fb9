"""The page for drivers while it is looked at: it keeps current, and says so when it cannot."""

from collections.abc import Callable
from typing import Any

from local.web import Api
from tests.board.browser import PHONE, tab

Made = Callable[[str], tuple[str, str]]
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"


def test_a_page_that_nobody_answers_says_so_until_somebody_does(
    run: dict[str, Any], browser: Any, charge_point: Made
) -> None:
    station, _ = charge_point("Cut off")
    with tab(browser, run["api"], excused=("Failed to load resource", "ERR_"), viewport=PHONE) as opened:
        page = opened.open(f"status/{station}")
        for refuse in (lambda route: route.abort(), lambda route: route.fulfill(status=503, body="<main>")):
            page.route("**/status/*", refuse)
            page.evaluate(LOOK)
            page.get_by_role("status").get_by_text("It cannot be brought up to date just now.").wait_for()
            assert "grayscale" in page.locator(".now").evaluate("one => getComputedStyle(one).filter")
            page.unroute_all()
            page.evaluate(LOOK)
            page.locator("main:not(.old)").wait_for()
            assert page.get_by_role("status").inner_text() == ""


def test_a_station_that_is_gone_is_not_shown_as_if_it_were_there(
    run: dict[str, Any], browser: Any, charge_point: Made, api: Api
) -> None:
    station, _ = charge_point("Given up")
    with tab(browser, run["api"], excused=("404",), viewport=PHONE) as opened:
        page = opened.open(f"status/{station}")
        page.get_by_text("Not known").wait_for()
        deleted = opened.context.request.delete(
            f"{run['api']}/v1/stations/{station}", headers={"Authorization": f"Bearer {run['admin_token']}"}
        )
        assert deleted.ok
        page.wait_for_timeout(1_100)
        page.evaluate(LOOK)
        page.get_by_text("This station is not shown any more.").wait_for()


def test_what_is_read_aloud_stays_where_it_is_while_nothing_changes(
    run: dict[str, Any], browser: Any, charge_point: Made
) -> None:
    station, _ = charge_point("Read aloud")
    with tab(browser, run["api"], viewport=PHONE) as opened:
        body = opened.context.request.get(f"{run['api']}/status/{station}").text()
        opened.page.route("**/status/*", lambda route: route.fulfill(body=body, content_type="text/html"))
        page = opened.open(f"status/{station}")
        page.evaluate("document.querySelector('main').dataset.before = 1")
        with page.expect_response("**/status/*"):
            page.evaluate(LOOK)
        page.wait_for_timeout(300)
        assert page.locator("main").get_attribute("data-before") == "1"
        body = body.replace("Read aloud", "Another name")
        page.evaluate(LOOK)
        page.get_by_role("heading", name="Another name").wait_for()
        assert page.title().endswith("Another name")
