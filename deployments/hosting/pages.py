"""The pages the host itself answers with, when there is nothing of the site's to show."""

import html
from dataclasses import dataclass
from http import HTTPStatus

LOOK = (
    "<!doctype html><html lang=en><meta charset=utf-8>"
    '<meta name=viewport content="width=device-width,initial-scale=1"><title>{title}</title>'
    "<style>:root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;"
    "margin:18vh auto 0;padding:0 1.5rem}}h1{{font-size:1.4rem}}p{{opacity:.8}}small{{opacity:.5}}</style>"
    "<h1>{title}</h1><p>{text}</p><small>{status}</small></html>"
)


@dataclass(frozen=True, slots=True)
class Page:
    """A status with its page."""

    status: HTTPStatus
    title: str
    text: str
    retry_after_s: int = 0

    def body(self) -> bytes:
        """Return the HTML."""
        told = {"title": html.escape(self.title), "text": html.escape(self.text)}
        return LOOK.format(status=f"{self.status.value} {self.status.phrase}", **told).encode()


NO_SITE = Page(
    HTTPStatus.NOT_FOUND,
    "There is nothing at this address",
    "Check the address for typing mistakes, or ask whoever gave it to you for a new one.",
)
NO_FILE = Page(HTTPStatus.NOT_FOUND, "Page not found", "This site has no page at this address.")
FORGED = Page(
    HTTPStatus.FORBIDDEN,
    "This address is not valid",
    "Addresses of sites are signed and this one was changed. Open the link again as you got it.",
)
EXPIRED = Page(
    HTTPStatus.GONE,
    "This address has expired",
    "Ask whoever gave it to you for a new one: the site may still be there.",
)
SUSPENDED = Page(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "This site is suspended",
    "Its owner can resume it. Nothing was lost.",
    300,
)
NOTHING_LIVE = Page(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Nothing is published here yet",
    "The first release is still on its way.",
    5,
)
FAILED = Page(
    HTTPStatus.BAD_GATEWAY,
    "This app does not run",
    "It ended again and again; its owner sees why in its log.",
)
NOT_UP = Page(HTTPStatus.SERVICE_UNAVAILABLE, "This app is starting", "Try again in a few seconds.", 3)
BROKEN = Page(HTTPStatus.BAD_GATEWAY, "The app gave no proper answer", "Its owner sees more in its log.")
TOO_SLOW = Page(HTTPStatus.GATEWAY_TIMEOUT, "The app takes too long", "It did not answer in time.")
BUSY = Page(HTTPStatus.SERVICE_UNAVAILABLE, "This app has too much to do", "Try again in a few seconds.", 2)
TOO_LARGE = Page(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is too much at once", "Send less than 32 MiB in one request."
)
BAD_METHOD = Page(
    HTTPStatus.METHOD_NOT_ALLOWED, "This is a site of files", "It can be read, and nothing else."
)
