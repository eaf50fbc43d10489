"""A deployed page in a real browser that is signed in at the platform: whatever its script tries, it reads and changes nothing."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.urls import reverse

from deployments.tests.hosting_fixtures import customer_fixture, host_fixture  # noqa: F401
from deployments.tests.hosting_server import Customer
from miosa.tests.admin_rows import operator

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium in PATH"),
]
HTML = "<!doctype html><html lang=en><title>page</title><body><script src=attack.js></script>"
# Each attempt throws, or returns what it got hold of.
ATTACKS = r"""
const P = "PLATFORM", found = {}, wait = ms => new Promise(done => setTimeout(done, ms));
const none = what => { throw new Error(what) };
const loads = (tag, at, read) => new Promise((yes, no) => {
  const one = document.createElement(tag);
  one.onload = () => { try { yes(read ? read(one) : at) } catch (error) { no(error) } };
  one.onerror = () => no(new Error("not loaded"));
  one[tag === "link" ? "href" : "src"] = at; if (tag === "link") one.rel = "stylesheet";
  document.body.append(one);
});
const attacks = {
  cookie: () => { document.cookie = "mine=1"; return /session|csrf/.test(document.cookie) ? document.cookie : none("no cookie") },
  wide_cookie: () => { document.cookie = "wide=1; domain=localhost; path=/"; return document.cookie.includes("wide") ? document.cookie : none("not kept") },
  fetch: async () => (await fetch(P + "/admin/", {credentials: "include"})).text(),
  fetch_api: async () => (await fetch(P + "/api/v1/me", {credentials: "include"})).text(),
  fetch_blind: async () => (await fetch(P + "/admin/logout/", {method: "POST", mode: "no-cors", credentials: "include"})).type,
  xhr: () => new Promise((yes, no) => { const x = new XMLHttpRequest(); x.withCredentials = true; x.onload = () => yes(x.responseText); x.onerror = () => no(new Error("xhr")); x.open("GET", P + "/admin/"); x.send() }),
  socket: () => new Promise((yes, no) => { const s = new WebSocket(P.replace("http", "ws") + "/"); s.onopen = () => yes("open"); s.onerror = () => no(new Error("socket")) }),
  events: () => new Promise((yes, no) => { const s = new EventSource(P + "/api/v1/executions", {withCredentials: true}); s.onopen = () => yes("open"); s.onerror = () => no(new Error("events")) }),
  script: () => loads("script", P + "/admin/jsi18n/"),
  style: () => loads("link", P + "/static/miosa/admin.css"),
  image: () => loads("img", P + "/static/miosa/icon.svg"),
  frame: () => loads("iframe", P + "/admin/", one => one.contentDocument ? one.contentDocument.body.innerText || none("empty") : none("shut")),
  popup: async () => { const w = window.open(P + "/admin/"); await wait(800); const got = w ? w.document.body.innerText : ""; w && w.close(); return got || none("empty") },
  form: async () => { const f = document.createElement("form"); f.method = "post"; f.action = P + "/admin/logout/"; f.target = "_blank"; document.body.append(f); f.submit(); await wait(500); return none("sent nowhere") },
  message: () => new Promise((yes, no) => { window.onmessage = told => yes(told.data); window.opener && window.opener.postMessage("hi", "*"); setTimeout(() => no(new Error("nobody answers")), 500) }),
  parent: () => window.parent !== window ? window.parent.location.href : none("no parent"),
};
const own = {
  local: () => { const before = localStorage.getItem("k"); localStorage.setItem("k", "kept"); return before || "empty" },
  session: () => { sessionStorage.setItem("k", "kept"); return "kept" },
  database: () => new Promise((yes, no) => { const r = indexedDB.open("d"); r.onsuccess = () => yes("kept"); r.onerror = () => no(r.error) }),
  worker: async () => { await navigator.serviceWorker.register("worker.js"); return "kept" },
};
(async () => {
  const limit = job => Promise.race([job(), wait(2500).then(() => none("no answer"))]);
  for (const [kind, jobs] of [["platform", attacks], ["own", own]]) {
    found[kind] = {};
    for (const [name, job] of Object.entries(jobs)) {
      try { found[kind][name] = "OPEN " + String(await limit(job)).slice(0, 200) } catch (error) { found[kind][name] = "shut " + error }
    }
  }
  document.title = JSON.stringify(found);
})();
"""


def page_of(customer, platform, **settings_):
    """Deploy the hostile page; return its address."""
    customer.settings = settings_
    files = {
        "index.html": HTML,
        "attack.js": ATTACKS.replace("PLATFORM", platform),
        "worker.js": "onfetch = () => {}",
    }
    ref = customer.deploy("one", files)
    return customer.status(ref).url


def opened(addresses, cookie):
    """Open the pages one after another in one browser; return what each found, and what was sent to the platform."""
    from playwright.sync_api import sync_playwright

    found, sent = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context()
        context.add_cookies([cookie])
        context.on("request", lambda asked: sent.append((asked.url, asked.headers)))
        for address in addresses:
            page = context.new_page()
            page.goto(address, wait_until="load")
            page.wait_for_function("document.title.startsWith('{')", timeout=60_000)
            found.append(json.loads(page.title()))
            page.close()
        kept = [one["name"] for one in context.cookies(cookie["url"])]
        still = context.new_page()
        answer = still.goto(cookie["url"] + reverse("admin:index"), wait_until="domcontentloaded")
        signed_in = "/login" not in still.url and answer.status == 200
        browser.close()
    return found, sent, signed_in, kept


@pytest.fixture
def visit(live_server):
    session = operator().cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}

    def go(*addresses):
        with ThreadPoolExecutor(1) as beside:
            return beside.submit(opened, addresses, cookie).result()

    return go


@pytest.mark.parametrize("form", ["host", "path"])
def test_the_platform_is_out_of_reach(live_server, customer, visit, form):
    """On a name of its own and below a path: nothing is read, nothing sent, and who was signed in still is."""
    address = page_of(customer, live_server.url, address=form)
    (found,), sent, signed_in, kept = visit(address)
    assert {name: said for name, said in found["platform"].items() if said.startswith("OPEN")} == {}
    assert signed_in
    assert settings.SESSION_COOKIE_NAME in kept
    assert not {"mine", "wide"} & set(kept)
    told = [headers.get("referer", "") for url, headers in sent if url.startswith(live_server.url)]
    assert not any(customer.name in referer or ".localhost" in referer for referer in told)


def test_a_page_below_a_path_keeps_nothing(live_server, customer, visit):
    """It shares its host with others: no storage, no database, no worker that would answer for them."""
    address = page_of(customer, live_server.url, address="path")
    (found,), *_ = visit(address)
    assert {name: said for name, said in found["own"].items() if said.startswith("OPEN")} == {}


def test_what_one_site_keeps_no_other_finds(live_server, host, customer, visit):
    """Two tenants' sites on names of their own: each has its storage, and cookies for all of them are not kept."""
    other = Customer(host, name=f"{customer.name}-b", tenant_id=f"{customer.tenant_id}-b")
    first = page_of(customer, live_server.url, address="host")
    second = page_of(other, live_server.url, address="host")
    (mine, again, theirs), _, _, kept = visit(first, first, second)
    assert mine["own"]["local"] == "OPEN empty"
    assert again["own"]["local"] == "OPEN kept", "its own storage works"
    assert theirs["own"]["local"] == "OPEN empty"
    for found in (mine, theirs):
        assert found["platform"]["wide_cookie"].startswith("shut")
    assert not {"mine", "wide"} & set(kept)
