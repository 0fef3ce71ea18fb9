"""Signing in, what is said when there is nothing to show, keys alone, and who cannot see."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.apart import Apart
from local.web import Api
from tests.board.browser import PHONE, tab
from tests.board.thousands.network import another_api

Made = Callable[[str], tuple[str, str]]


def test_the_link_of_make_run_signs_in_once(run: dict[str, Any], browser: Any, charge_point: Made) -> None:
    charge_point("Link")
    first = next(line for line in run["printed"].read_text().splitlines() if line.strip())
    assert first.split()[0] == "board"
    link = first.split()[1].removeprefix(run["api"] + "/")
    assert link.startswith("#code=")
    with tab(browser, run["api"]) as opened:
        page = opened.open(link)
        page.wait_for_selector(".live >> text=Live")
        assert "code" not in page.url
        page.get_by_role("button", name="Add station").wait_for()
        page.reload()
        page.wait_for_selector(".live >> text=Live")
    with tab(browser, run["api"], excused=("403",)) as opened:
        page = opened.open(link)
        page.get_by_text("This link was used already").wait_for()


def test_a_link_opened_in_a_tab_that_is_open_already_signs_in_there(
    run: dict[str, Any], browser: Any, charge_point: Made, api: Api
) -> None:
    charge_point("Again")
    with tab(browser, run["api"], excused=("403",)) as opened:
        page = opened.open()
        page.get_by_label("Token").wait_for()
        assert "They are in PLUGWATCH_READ_TOKEN and" in page.locator("#token-help").inner_text()
        page.goto(f"{run['api']}/#code=of-yesterday")
        page.get_by_role("alert").get_by_text("This link was used already").wait_for()
        page.goto(api.board_link())
        page.wait_for_selector(".live >> text=Live")
        assert "code" not in page.url
        page.goto(f"{run['api']}/#code=of-yesterday")
        page.wait_for_timeout(300)
        assert page.locator(".live >> text=Live").is_visible()


def test_the_link_counts_more_than_a_token_that_was_kept(run: dict[str, Any], browser: Any, api: Api) -> None:
    link = api.board_link().removeprefix(run["api"] + "/")
    with tab(browser, run["api"]) as opened:
        opened.page.add_init_script("localStorage.setItem('plugwatch.token', 'of-another-system')")
        page = opened.open(link)
        page.get_by_role("button", name="Add station").first.wait_for()
        assert page.evaluate("sessionStorage.getItem('plugwatch.token')") == run["admin_token"]


@pytest.mark.parametrize("ahead_ms", [3_600_000, -3_600_000])
def test_a_wrong_clock_of_the_browser_lengthens_nothing(
    run: dict[str, Any], browser: Any, charge_point: Made, ahead_ms: int
) -> None:
    station, _ = charge_point("Clock")
    with tab(browser, run["api"], token=run["admin_token"]) as opened:
        opened.page.add_init_script(f"const real = Date.now.bind(Date); Date.now = () => real() + {ahead_ms}")
        page = opened.open(f"#view=list&q={station}")
        page.locator(".spacer .since").get_by_text(re.compile(r"^([1-9]|[1-9][0-9]) s$")).wait_for()
        page.wait_for_selector(".live >> text=Live")


def test_make_board_prints_another_link(run: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps(run, default=str))
    command = [sys.executable, "-m", "local.web", str(tmp_path / "run.json")]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert told.startswith(f"{run['api']}/#code=")


def test_a_wrong_token_is_said_and_asked_for_again(run: dict[str, Any], browser: Any, charge_point: Made) -> None:
    charge_point("Wrong")
    with tab(browser, run["api"], excused=("401",)) as opened:
        page = opened.open()
        page.get_by_label("Token").fill("a-token-that-nobody-gave-out")
        page.get_by_role("button", name="Open the board").click()
        page.get_by_role("alert").get_by_text("does not know this token").wait_for()
        page.get_by_label("Token").fill(run["admin_token"])
        page.get_by_label("keep it in this browser").check()
        page.get_by_role("button", name="Open the board").click()
        page.wait_for_selector(".live >> text=Live")
        assert run["admin_token"] not in page.url
        again = opened.context.new_page()
        again.goto(run["api"])
        again.wait_for_selector(".live >> text=Live")
        again.get_by_role("button", name="Sign out").click()
        again.get_by_label("Token").wait_for()
        assert again.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_reader_sees_everything_and_no_action(run: dict[str, Any], browser: Any, charge_point: Made) -> None:
    station, _ = charge_point("Reader")
    with tab(browser, run["api"], token=run["read_token"]) as opened:
        page = opened.open(f"#station={station}")
        page.locator(".drawer").get_by_text("It has reported no connector yet").wait_for()
        assert page.locator(".menu").count() == 0
        assert page.get_by_role("button", name="Add station").count() == 0


def test_an_api_that_only_reads_shows_no_action(run: dict[str, Any], browser: Any, charge_point: Made) -> None:
    station, _ = charge_point("Read only")
    with another_api(run, API_MODE="read") as url, tab(browser, url, token=run["admin_token"]) as opened:
        page = opened.open(f"#station={station}")
        page.get_by_text("this API only reads").wait_for()
        page.locator(".drawer").get_by_text("It has reported no connector yet").wait_for()
        assert page.locator(".menu").count() == 0


def test_a_map_that_cannot_be_loaded_says_so(run: dict[str, Any], browser: Any, charge_point: Made) -> None:
    charge_point("Upgraded")
    with tab(browser, run["api"], token=run["admin_token"], excused=("404", "MIME", "dynamically")) as opened:
        opened.page.route("**/vendor/leaflet.js", lambda route: route.fulfill(status=404))
        page = opened.open("#view=map")
        page.get_by_role("alert").get_by_text("load the page again").wait_for()


def test_an_api_that_is_away_is_said(run: dict[str, Any], browser: Any) -> None:
    with tab(browser, run["api"], token=run["admin_token"], excused=("503", "ERR_")) as opened:
        page = opened.page
        page.route(
            "**/v1/**", lambda route: route.fulfill(status=503, body='{"detail": "the database does not answer"}')
        )
        opened.open()
        page.get_by_text("The API does not answer").wait_for()
        page.get_by_text("the database does not answer").wait_for()
        page.unroute_all()
        page.wait_for_selector(".live >> text=Live", timeout=20_000)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with Apart(tmp_path_factory.mktemp("empty")) as system:
        yield json.loads(system.run_file.read_text())


@pytest.mark.parametrize("width", [721, 800, 901, 1080])
def test_a_narrow_window_breaks_no_button_and_the_drawer_covers_no_head(
    run: dict[str, Any], browser: Any, charge_point: Made, width: int
) -> None:
    station, _ = charge_point("Narrow")
    with tab(browser, run["api"], token=run["admin_token"], viewport={"width": width, "height": 700}) as opened:
        page = opened.open(f"#station={station}")
        page.locator(".drawer h2").get_by_text("Narrow").wait_for()
        page.get_by_role("button", name="Add station").wait_for()
        heights = {button.bounding_box()["height"] for button in page.locator(".tools button").all()}
        assert max(heights) < 40, heights
        head = page.locator(".board > header").bounding_box()
        drawer = page.locator(".drawer").bounding_box()
        assert drawer["y"] >= head["y"] + head["height"] - 0.5
        assert drawer["x"] + drawer["width"] <= width
        assert page.locator("#search").bounding_box()["width"] > 100
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_a_page_for_drivers(
    run: dict[str, Any], browser: Any, axe: str, charge_point: Made, look: str, scripts: bool
) -> None:
    station, _ = charge_point("For drivers")
    options: dict[str, Any] = {"viewport": PHONE, "color_scheme": look, "java_script_enabled": scripts}
    with tab(browser, run["api"], **options) as opened:
        page = opened.open(f"status/{station}")
        page.get_by_role("heading", name="For drivers").wait_for()
        page.get_by_text("Not known").wait_for()
        assert ("UTC" in page.locator("time").inner_text()) is not scripts
        if scripts:
            assert violations(page, axe) == []


def test_the_drawer_leads_to_the_page_for_drivers(run: dict[str, Any], browser: Any, charge_point: Made) -> None:
    station, _ = charge_point("Led there")
    with tab(browser, run["api"], token=run["admin_token"]) as opened:
        page = opened.open(f"#station={station}")
        with opened.context.expect_page() as led:
            page.get_by_role("link", name="Page for drivers").click()
        led.value.get_by_role("heading", name="Led there").wait_for()


BLOCKED = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { get() { throw new DOMException("blocked", "SecurityError") } });"""


def test_with_storage_blocked_the_page_works_until_it_is_closed(run: dict[str, Any], browser: Any) -> None:
    with tab(browser, run["api"]) as opened:
        opened.page.add_init_script(BLOCKED)
        page = opened.open()
        page.get_by_label("Token").fill(run["admin_token"])
        page.get_by_role("button", name="Open the board").click()
        page.wait_for_selector(".live >> text=Live")
        page.get_by_role("button", name="Change between light and dark").click()
        assert page.evaluate("document.documentElement.dataset.theme") == "light"
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Token").wait_for()


def test_an_empty_network_says_how_to_begin(empty: dict[str, Any], browser: Any) -> None:
    with tab(browser, empty["api"], token=empty["admin_token"]) as opened:
        page = opened.open()
        page.get_by_text("No stations yet").wait_for()
        page.get_by_text(f"it gets {empty['gateway']}/ and appends").wait_for()
        page.locator(".moment").get_by_role("button", name="Add station").click()
        page.get_by_label("Name").fill("The first one")
        page.get_by_label("Id").fill("first")
        page.get_by_role("dialog").get_by_role("button", name="Add station").click()
        page.locator(".drawer").get_by_text("This station has no chargers yet").wait_for(timeout=20_000)
        page.locator("summary", has_text="The first one: actions").click()
        page.get_by_role("button", name="Add charger").click()
        page.get_by_label("Id").fill("first-A")
        page.get_by_role("dialog").get_by_role("button", name="Add charger").click()
        page.locator(".drawer").get_by_role("heading", name="first-A").wait_for(timeout=20_000)


def test_everything_by_keys_alone(run: dict[str, Any], browser: Any, charge_point: Made) -> None:
    for name in ("Key alpha", "Key beta", "Key betatron"):
        charge_point(name)
    with tab(browser, run["api"], token=run["admin_token"]) as opened:
        page = opened.open()
        page.wait_for_selector(".live >> text=Live")
        press = page.keyboard.press
        press("/")
        page.keyboard.type("key bet")
        page.get_by_text("2 of").wait_for()
        press("Tab")
        press("2")
        assert page.locator(".list").is_visible()
        page.locator(".list").focus()
        press("ArrowDown")
        press("ArrowDown")
        press("Enter")
        page.locator(".drawer h2").get_by_text("Key betatron").wait_for()
        press("Escape")
        page.locator(".drawer").wait_for(state="detached")
        press("Escape")
        page.get_by_text("2 of").wait_for(state="detached")
        press("?")
        page.get_by_role("dialog").get_by_text("search by name or id").wait_for()
        press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
        press("3")
        page.locator(".map").wait_for()
        press("1")
        page.locator(".wall").focus()
        press("End")
        press("Home")
        press("ArrowRight")
        press("Enter")
        page.locator(".drawer").wait_for()


PLACES = {"wall": "", "list": "#view=list", "map": "#view=map", "drawer": "#station={station}", "help": "?"}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_axe_finds_nothing(
    run: dict[str, Any], browser: Any, axe: str, charge_point: Made, place: str, look: str
) -> None:
    station, _ = charge_point("Axe")
    options: dict[str, Any] = {"viewport": PHONE} if look == "phone" else {"color_scheme": look}
    with tab(browser, run["api"], token=run["admin_token"], **options) as opened:
        page = opened.open("" if place == "help" else PLACES[place].format(station=station))
        page.wait_for_selector(".live >> text=Live")
        if place == "help":
            page.keyboard.press("?")
        if place == "drawer":
            page.locator(".drawer .charger").wait_for()
        if place == "map":
            page.locator(".leaflet-marker-icon").first.wait_for()
        assert violations(page, axe) == []


def test_axe_finds_nothing_where_one_signs_in(run: dict[str, Any], browser: Any, axe: str) -> None:
    with tab(browser, run["api"]) as opened:
        page = opened.open()
        page.get_by_label("Token").wait_for()
        assert violations(page, axe) == []


def violations(page: Any, axe: str) -> list[str]:
    """What axe says, in short."""
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found]
