"""Pages in a real browser: opened one after the other, with what is wrong with each told by name."""

import shutil
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from django.conf import settings

CHROMIUM = shutil.which("chromium")
SIZES = {"desk": {"width": 1440, "height": 900}, "telephone": {"width": 390, "height": 844}}
WIDER = "document.documentElement.scrollWidth - window.innerWidth"
CUT = """() => [...document.querySelectorAll('.m-card, section')].filter(one => one.scrollWidth > one.clientWidth + 1)
  .map(one => one.className + ': ' + one.innerText.slice(0, 60))"""


def wrong_with(
    pages: Mapping[str, str],
    session: Any,
    folder: Path,
    *,
    size: str,
    scheme: str,
    never_quiet: Collection[str] = (),
) -> dict[str, list[str]]:
    """Return what is wrong with each page: too wide, a card cut, an error in the console, something it lacks.

    `session` is a client of Django that is signed in; a picture of each page stays in `folder`. `never_quiet` are those
    that keep a connection open.
    """
    name, origin = settings.SESSION_COOKIE_NAME, urljoin(next(iter(pages.values())), "/")
    cookie = {"name": name, "value": session.cookies[name].value, "url": origin}
    with ThreadPoolExecutor(1) as beside:  # the browser's loop keeps Django's own calls out of its thread
        look = beside.submit(_looked_at, pages, cookie, folder, SIZES[size], scheme, never_quiet)
        return {name: faults for name, faults in look.result().items() if faults}


def _looked_at(
    pages: Mapping[str, str],
    cookie: Any,
    folder: Path,
    *how: Any,
) -> dict[str, list[str]]:
    from playwright.sync_api import sync_playwright

    size, scheme, never_quiet = how
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport=size, color_scheme=scheme)
        context.add_cookies([cookie])
        found = {}
        for name, address in pages.items():
            page = context.new_page()
            ready = "load" if name in never_quiet else "networkidle"
            found[name] = _faults(page, address, ready)
            page.screenshot(path=folder / f"{name}-{size['width']}-{scheme}.png", full_page=True)
            page.close()
        browser.close()
    return found


def _faults(page: Any, address: str, ready: str) -> list[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    status = page.goto(address, wait_until=ready).status
    wider = page.evaluate(WIDER)
    faults = [f"answered {status}"] if status != 200 else []  # noqa: PLR2004
    faults += [f"{wider} px too wide"] if wider > 0 else []
    return [*said, *faults, *page.evaluate(CUT)]
