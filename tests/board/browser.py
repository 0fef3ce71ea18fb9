"""A real browser: Debian's Chromium, driven by Playwright; whatever it does that it must not is written down."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import sync_playwright

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
_OF_TESTS = "getImageData"  #: who looks at a canvas is told that this is slow


@contextlib.contextmanager
def browsing() -> Iterator[Any]:
    """The browser, for the length of a block."""
    path = os.environ.get("BOARD_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    flags = ["--enable-precise-memory-info", "--js-flags=--expose-gc"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=flags, chromium_sandbox=os.getuid() != 0 and not os.environ.get("CI")
        )
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """A page of a context of its own, and whatever it did that it must not."""

    def __init__(self, browser: Any, url: str, *, token: str | None = None, **options: Any) -> None:
        self.url = url
        self.context = browser.new_context(**({"viewport": WIDE} | options))
        self.page = self.context.new_page()
        self.wrong: list[str] = []
        self.excused: tuple[str, ...] = ()
        self.page.on("request", self._asked)
        self.page.on("console", self._told)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        if token is not None:
            self.page.add_init_script(
                f"sessionStorage.getItem('left') ?? sessionStorage.setItem('plugwatch.token', '{token}')"
            )

    def open(self, place: str = "") -> Any:
        """Loads the board at a place behind its ``#``."""
        self.page.goto(f"{self.url}/{place}")
        return self.page

    def close(self) -> None:
        self.context.close()

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.wrong.append(f"left the origin: {request.url}")

    def _told(self, message: Any) -> None:
        if message.type in ("error", "warning") and not any(one in message.text for one in (*self.excused, _OF_TESTS)):
            self.wrong.append(f"console: {message.text}")


@contextlib.contextmanager
def tab(browser: Any, url: str, *, excused: tuple[str, ...] = (), **options: Any) -> Iterator[Tab]:
    """A tab that must leave no error, no warning and no request to elsewhere; ``excused`` are parts of messages."""
    opened = Tab(browser, url, **options)
    opened.excused = excused
    try:
        yield opened
        assert opened.wrong == [], opened.wrong
    finally:
        opened.close()
