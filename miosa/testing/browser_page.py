"""One page that stays open in a real browser while the test's own thread goes on."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from django.conf import settings

from miosa.testing.browser import CHROMIUM, WIDER

DESK = {"width": 1280, "height": 900}
PATIENCE_MS = 20_000


@dataclass
class OpenPage:
    """Playwright's page in a thread of its own: its loop keeps Django's calls out of that thread. `said` are errors."""

    beside: ThreadPoolExecutor
    page: Any = None
    said: list[str] = field(default_factory=list)

    def do(self, act: Callable[[Any], Any]) -> Any:
        """Do something with the page and return what came of it."""
        return self.beside.submit(act, self.page).result()

    def click(self, selector: str) -> None:
        """Click on the first visible element, once it is there."""
        self.do(lambda page: page.locator(f"{selector} >> visible=true").first.click())

    def text(self, selector: str) -> str:
        """Return the text of an element, once it is there."""
        return str(self.do(lambda page: page.locator(selector).first.text_content()))

    def evaluate(self, script: str) -> Any:
        """Return what an expression is worth on the page."""
        return self.do(lambda page: page.evaluate(script))

    def until(self, script: str) -> None:
        """Wait until an expression is true on the page."""
        self.do(lambda page: page.wait_for_function(script))

    def wider(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        return int(self.evaluate(WIDER))


@contextmanager
def opened(
    address: str,
    session: Any,
    *,
    size: Any = None,
    scheme: str = "light",
    motion: str = "no-preference",
    scripts: bool = True,
) -> Iterator[OpenPage]:
    """Open a page as the person of a client of Django; it is closed with the block. `scripts`: whether its own may run."""
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": session.cookies[name].value, "url": urljoin(address, "/")}
    how = {
        "viewport": size or DESK,
        "color_scheme": scheme,
        "reduced_motion": motion,
        "java_script_enabled": scripts,
    }
    with ThreadPoolExecutor(1) as beside:
        held: dict[str, Any] = {}
        try:
            page = OpenPage(beside)
            beside.submit(_open, page, held, address, cookie, how).result()
            yield page
        finally:
            beside.submit(_close, held).result()


def _open(shown: OpenPage, held: dict[str, Any], address: str, cookie: Any, how: Any) -> None:
    from playwright.sync_api import sync_playwright

    held["playwright"] = sync_playwright().start()
    held["browser"] = held["playwright"].chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    context = held["browser"].new_context(**how)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([cookie])
    shown.page = context.new_page()
    shown.page.on(
        "console", lambda message: shown.said.append(message.text) if message.type == "error" else None
    )
    shown.page.on("pageerror", lambda error: shown.said.append(str(error)))
    shown.page.goto(address, wait_until="load")


def _close(held: dict[str, Any]) -> None:
    if "browser" in held:
        held["browser"].close()
    if "playwright" in held:
        held["playwright"].stop()
