"""The client of docs/api.md for EventSource, as it stands, in a page of a real browser."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.board.browser import tab
from tests.board.wire import Wire

GUIDE = (Path(__file__).parents[3] / "docs/api.md").read_text()
CUT_OFF = ("Failed to load resource", "ERR_")
KNOWS = "id => window.told.some(([event, change]) => event === 'station' && change.station_id === id)"


def client() -> str:
    """The block that opens an EventSource."""
    blocks: list[str] = re.findall(r"```js\n(.*?)```", GUIDE, re.DOTALL)
    return next(block for block in blocks if "new EventSource" in block)


def test_it_follows_and_comes_again_with_nothing_missed(
    run: dict[str, Any], browser: Any, charge_point: Callable[[str], tuple[str, str]]
) -> None:
    charge_point("There before")  # a stream without a change cannot say that none was lost
    with Wire(run["api"]) as wire, tab(browser, wire.url, excused=CUT_OFF) as opened:
        page = opened.open()
        page.evaluate(
            f"""([url, token]) => {{
                {client()}
                window.told = [];
                follow(url, token, (...event) => window.told.push(event));
            }}""",
            [wire.url, run["read_token"]],
        )
        page.wait_for_function("performance.getEntriesByType('resource').some(one => one.name.includes('tickets'))")
        for _ in range(2):  # before its first event, too
            wire.refuse()
            missed, _ = charge_point("While it was away")
            wire.mend()
            page.wait_for_function(KNOWS, arg=missed, timeout=20_000)
        live, _ = charge_point("While it listens")
        page.wait_for_function(KNOWS, arg=live)
        assert "reset" not in page.evaluate("window.told.map(([event]) => event)")
