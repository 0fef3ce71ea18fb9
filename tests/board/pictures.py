"""Pictures of the board, of systems that really run, into docs/pictures/full: ``make screenshots`` (ARGS=map: one)."""

import json
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from local.apart import Apart
from local.web import Api
from tests.board.browser import PHONE, WIDE, browsing, tab
from tests.board.thousands.network import TOKEN, network
from tests.board.wire import Wire

PICTURES = Path(__file__).parents[2] / "docs" / "pictures" / "full"
STATIONS = 10_000
CUT_OFF = ("Failed to load resource", "ERR_")


def taken(page: Any, name: str) -> None:
    """One picture, once nothing moves any more."""
    page.wait_for_timeout(1_500)
    path = PICTURES / f"board-{name}.png"
    page.screenshot(path=path)
    print(f"{path.relative_to(Path.cwd())}: {path.stat().st_size // 1000} kB", flush=True)


def many(browser: Any, names: Collection[str]) -> None:
    """Ten thousand stations: wall in light and dark, map, list, phone, and a wire that is cut."""
    with network(STATIONS) as of, of.changing(20), Wire(of.url) as wire:
        for name, place, options in (
            ("wall", "", {}),
            ("wall-dark", "", {"color_scheme": "dark"}),
            ("map", "#view=map", {}),
            ("list", "#view=list&health=DOWN&health=DEGRADED", {}),
            ("phone", "", {"viewport": PHONE, "device_scale_factor": 2}),
        ):
            if name not in names:
                continue
            with tab(browser, of.url, token=TOKEN, excused=CUT_OFF, **options) as opened:
                page = opened.open(place)
                page.wait_for_selector(".live >> text=Live")
                if name == "map":
                    page.locator(".leaflet-marker-icon").first.wait_for()
                if name == "wall":
                    page.mouse.move(700, 404)
                taken(page, name)
        if "stale" not in names:
            return
        with tab(browser, wire.url, token=TOKEN, excused=CUT_OFF) as opened:
            opened.page.clock.install()
            page = opened.open()
            page.wait_for_selector(".live >> text=Live")
            wire.refuse()
            page.wait_for_selector(".live.catching-up")
            page.clock.fast_forward(194_000)
            page.wait_for_selector(".live.stale")
            taken(page, "stale")


def few(browser: Any, directory: Path) -> None:
    """The system of `make run`: cards, and a station with its plugs."""
    with Apart(directory, chargers=24, rate=6) as system:
        run = json.loads(system.run_file.read_text())
        with tab(browser, run["api"], token=run["admin_token"], viewport=WIDE) as opened:
            page = opened.open("#station=UTR-005")
            page.wait_for_selector(".live >> text=Live")
            Api(run["api"], run["admin_token"]).get("/v1/stats", timeout_s=10)
            page.wait_for_timeout(90_000)  # so that there is a past to be shown
            page.locator(".drawer").get_by_role("button", name="1 h").click()
            taken(page, "drawer")


def main() -> None:
    """All of them, or those that are named."""
    names = sys.argv[1:] or ["wall", "wall-dark", "map", "list", "phone", "stale", "drawer"]
    PICTURES.mkdir(parents=True, exist_ok=True)
    with browsing() as browser:
        if names != ["drawer"]:
            many(browser, names)
        if "drawer" in names:
            with tempfile.TemporaryDirectory(prefix="plugwatch-pictures-") as directory:
                few(browser, Path(directory))


if __name__ == "__main__":
    main()
