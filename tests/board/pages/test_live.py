"""What a charger says is on the board within a second; what the wire does to it is said, and mended."""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.board.browser import PHONE, tab
from tests.board.charger import Charger
from tests.board.wire import Wire

# The colour in the middle of the shape of the only card, and that of a status.
COLOUR = """(status) => {
    const canvas = document.querySelector('canvas');
    if (!canvas) return false;
    const ratio = devicePixelRatio;
    const probe = document.createElement('i');
    probe.style.color = `var(--${status})`;
    document.body.append(probe);
    const wanted = getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3).join();
    probe.remove();
    const seen = canvas.getContext('2d').getImageData(24 * ratio, 33 * ratio, 1, 1).data;
    return [...seen].slice(0, 3).join() === wanted;
}"""
CUT_OFF = ("Failed to load resource", "ERR_")
Made = Callable[[str], tuple[str, str]]


def shown(page: Any, status: str, within_ms: float = 10_000) -> None:
    """Waits until the only card has the colour of this status."""
    page.wait_for_function(COLOUR, arg=status, polling=20, timeout=within_ms)


def test_a_plug_that_changes_changes_colour_within_a_second(
    run: dict[str, Any], browser: Any, charge_point: Made
) -> None:
    station, charger_id = charge_point("One second")
    with Charger(run["gateway"], charger_id) as charger, tab(browser, run["api"], token=run["admin_token"]) as opened:
        charger.reports(1, "Available")
        page = opened.open(f"#q={station}")
        shown(page, "available")
        took = []
        for status, colour in (("Charging", "occupied"), ("Available", "available"), ("Faulted", "faulted")) * 2:
            time.sleep(1.1)  # a quiet second: the changes of a busy one come together
            began = time.monotonic()
            charger.reports(1, status, "GroundFailure" if status == "Faulted" else "NoError")
            shown(page, colour)
            took.append(time.monotonic() - began)
        assert statistics.median(took) < 1, took


def test_a_new_station_comes_by_itself(run: dict[str, Any], browser: Any, charge_point: Made) -> None:
    charge_point("There before")
    with tab(browser, run["api"], token=run["admin_token"]) as opened:
        page = opened.open("#view=list")
        page.wait_for_selector(".row >> text=There before")
        charge_point("Newcomer")
        page.wait_for_selector(".row >> text=Newcomer", timeout=20_000)


@pytest.fixture
def wired(run: dict[str, Any], browser: Any, charge_point: Made) -> Iterator[tuple[Wire, Charger, Any]]:
    """A wire, and behind it a page that shows the one charger, live."""
    station, charger_id = charge_point("Wired")
    with (
        Wire(run["api"]) as wire,
        Charger(run["gateway"], charger_id) as charger,
        tab(browser, wire.url, token=run["admin_token"], excused=CUT_OFF) as opened,
    ):
        opened.page.clock.install()
        charger.reports(1, "Available")
        page = opened.open(f"#q={station}")
        shown(page, "available", within_ms=20_000)  # a station that the snapshot does not have yet takes 5 s
        page.wait_for_selector(".live.live-now >> text=Live")
        yield wire, charger, page


def test_a_silent_wire_is_stale_and_then_mended_without_a_gap(wired: tuple[Wire, Charger, Any]) -> None:
    wire, charger, page = wired
    wire.refuse()
    page.wait_for_selector(".live.catching-up")
    page.clock.fast_forward(36_000)
    page.wait_for_selector(".live >> text=/Stale since \\d\\d:\\d\\d:\\d\\d/")
    assert page.evaluate("getComputedStyle(document.querySelector('main')).filter").startswith("grayscale")
    charger.reports(1, "Charging")
    wire.mend()
    page.clock.fast_forward(11_000)
    page.wait_for_selector(".live >> text=Live")
    shown(page, "occupied")


def test_a_wire_that_says_no_goodbye_is_given_up_and_taken_up_again(wired: tuple[Wire, Charger, Any]) -> None:
    wire, charger, page = wired
    wire.cut()
    charger.reports(1, "Charging")
    page.clock.fast_forward(36_000)
    for _ in range(10):  # what the browser kept open is dead, too
        page.wait_for_timeout(500)
        page.clock.fast_forward(11_000)
    page.wait_for_selector(".live >> text=Live")
    shown(page, "occupied")


def test_a_hidden_tab_closes_its_stream_and_a_shown_one_goes_on(
    run: dict[str, Any], browser: Any, charge_point: Made
) -> None:
    station, charger_id = charge_point("Hidden")
    hide = """(hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
    }"""
    with Charger(run["gateway"], charger_id) as charger, tab(browser, run["api"], token=run["admin_token"]) as opened:
        charger.reports(1, "Available")
        page = opened.open(f"#q={station}")
        shown(page, "available")
        page.wait_for_selector(".live >> text=Live")
        with page.expect_event("requestfailed", lambda request: "view=brief" in request.url):
            page.evaluate(hide, True)
        charger.reports(1, "Charging")
        with page.expect_request(lambda request: "view=brief" in request.url) as again:
            page.evaluate(hide, False)
        assert again.value.headers["last-event-id"]
        shown(page, "occupied")


def test_the_drawer_says_since_when_and_why(run: dict[str, Any], browser: Any, charge_point: Made) -> None:
    station, charger_id = charge_point("Drawer")
    with Charger(run["gateway"], charger_id) as charger, tab(browser, run["api"], token=run["admin_token"]) as opened:
        charger.reports(1, "Available")
        charger.reports(2, "Faulted", "GroundFailure", vendor_error_code="E-17", info="earth leakage")
        page = opened.open(f"#station={station}")
        drawer = page.locator(".drawer")
        drawer.get_by_text("GroundFailure, E-17").wait_for()
        assert drawer.get_by_text("earth leakage").is_visible()
        assert drawer.get_by_text("OCPP 1.6 · Acme · Two Plugs").is_visible()
        drawer.locator("svg.bar[aria-label*='Faulted 100\u00a0%']").wait_for()
        charger.reports(2, "Charging")
        drawer.get_by_text("Reports Charging").wait_for(timeout=5_000)
        page.reload()
        drawer.get_by_text("Reports Charging").wait_for()


def test_an_operator_takes_a_station_out_of_service(run: dict[str, Any], browser: Any, charge_point: Made) -> None:
    station, charger_id = charge_point("Service")
    with Charger(run["gateway"], charger_id) as charger, tab(browser, run["api"], token=run["admin_token"]) as opened:
        charger.reports(1, "Available")
        page = opened.open(f"#station={station}")
        page.locator("summary", has_text="Service: actions").click()
        page.get_by_role("button", name="Take out of service").first.click()
        page.get_by_label("Why").fill("cable is torn")
        page.get_by_role("dialog").get_by_role("button", name="Take out of service").click()
        page.get_by_text(f"{charger_id}: accepted").wait_for()
        assert ("Inoperative", 0) in charger.asked


def test_a_phone_gets_counts_and_list(run: dict[str, Any], browser: Any, charge_point: Made) -> None:
    station, charger_id = charge_point("Pocket")
    with Charger(run["gateway"], charger_id) as charger:
        charger.reports(1, "Available")
        with tab(
            browser, run["api"], token=run["admin_token"], viewport=PHONE, is_mobile=True, has_touch=True
        ) as opened:
            page = opened.open(f"#q={station}")
            page.locator(".row .word").get_by_text("Available").wait_for()
            assert page.locator("canvas").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            page.locator(".row").get_by_text("Pocket").tap()
            page.locator(".drawer .live").get_by_text("Live").wait_for()
