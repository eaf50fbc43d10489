"""The database is killed under load, again and again: who asks is served or told to come back, and nobody waits long."""

import contextlib
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import httpx
import psycopg
import pytest

from miosa.embedded.processes import is_alive, until
from miosa.http import problem
from miosa.http.event_stream import read_events
from miosa.tests.own_site import OwnSite, own_site

AWAY_S = (0.0, 1.5, 4.0)  # the last two longer than any first attempt to connect again
LONGEST_S = 8.0
BACK_S = 60
RATES = dict.fromkeys(("MIOSA_RATE_TENANT", "MIOSA_RATE_CREDENTIAL", "MIOSA_RATE_ADDRESS"), "100000/min")

# What a worker does without Celery around it: in one thread, over one connection for each login, again and again.
WORKER = """
import json, sys, threading
from agents.tasks import ring_due, run_step
from billing.tasks import sweep_reservations
from django.db import InterfaceError, OperationalError
from miosa.tasks import refresh_statistics
ended, told = threading.Event(), {"rounds": 0, "away": 0, "after": 0, "raised": []}
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
while not ended.wait(0.05):
    told["rounds"] += 1
    for task in (lambda: run_step(*sys.argv[1:3]), ring_due, refresh_statistics):
        try:
            task()
        except Exception as error:
            told["raised"].append(repr(error))
    try:
        sweep_reservations()
        told["after"] += 1
    except (OperationalError, InterfaceError):
        told["away"], told["after"] = told["away"] + 1, 0
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Told:
    """One answer: when it was asked for, how long it took, and whether it said when to come back."""

    path: str
    status: int
    asked: float
    took_s: float
    says_when: bool


@pytest.fixture(scope="module")
def site() -> Iterator[OwnSite]:
    """A site with a database that nobody else uses."""
    with own_site(**RATES) as site:
        yield site


class Database:
    """The cluster's postmaster and the keeper that starts it again."""

    def __init__(self, site: OwnSite) -> None:
        self._machine = site.machine

    def crash(self, *, away_s: float) -> None:
        """Stop the server in mode immediate, keep it down for so long, and return when it takes connections again."""
        old = self._machine.record("database")
        os.kill(old.keeper, signal.SIGSTOP)
        try:
            os.kill(old.server, signal.SIGQUIT)
            assert until(lambda: not is_alive(old.server), timeout_s=20)
            time.sleep(away_s)  # the outage itself, not a wait for something
        finally:
            os.kill(old.keeper, signal.SIGCONT)
        assert until(lambda: self._machine.record("database").server != old.server, timeout_s=BACK_S)


class Load:
    """Threads that ask for the same pages until they are stopped, each on its own connection."""

    def __init__(self, url: str, site: OwnSite) -> None:
        tenant = site.told["tenants"][0]
        self._url, self._stop, self.told = url, threading.Event(), list[Told]()
        self._headers = {"Authorization": f"Bearer {tenant['key']}"}
        self._cookies = {"sessionid": site.told["session"]}
        paths = (
            "/api/v1/executions",
            "/api/v1/usage",
            "/admin/",
            f"/api/v1/executions/{tenant['execution']}",
        )
        self._threads = [threading.Thread(target=self._ask, args=(path,)) for path in paths]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def ask(self, client: httpx.Client, path: str) -> Told:
        """Ask once; a connection that breaks counts as status 0."""
        asked = time.monotonic()
        try:
            answer = client.get(path)
        except httpx.HTTPError:
            return Told(path, 0, asked, time.monotonic() - asked, says_when=False)
        when = int(answer.headers.get("Retry-After", 0)) > 0
        return Told(path, answer.status_code, asked, time.monotonic() - asked, says_when=when)

    def client(self) -> httpx.Client:
        """Return a client of the tenant and of the staff at once."""
        return httpx.Client(base_url=self._url, headers=self._headers, cookies=self._cookies, timeout=60)

    def _ask(self, path: str) -> None:
        with self.client() as client:
            while not self._stop.wait(0.02):
                self.told.append(self.ask(client, path))


def test_every_request_is_served_or_told_to_come_back(site):
    """Three crashes: 200 or 503 with Retry-After for API and admin, and the first request afterwards is served."""
    with site.web() as url, Load(url, site) as load, load.client() as client:
        assert until(lambda: len({told.path for told in load.told}) == 4, timeout_s=30)
        for away_s in AWAY_S:
            more = len(load.told) + 20
            Database(site).crash(away_s=away_s)
            first = [load.ask(client, path) for path in ("/api/v1/executions", "/admin/")]
            again = [load.ask(client, path) for path in ("/api/v1/executions", "/admin/")]
            assert {told.status for told in first} <= {200, 503}, first
            assert {told.status for told in again} == {200}, again
            assert until(partial(_has, load.told, more), timeout_s=30)
    counted = Counter((told.path, told.status) for told in load.told)
    assert {status for _, status in counted} == {200, 503}, (counted, site.log()[-3000:])
    assert all(told.says_when for told in load.told if told.status == 503)
    assert max(told.took_s for told in load.told) < LONGEST_S


def test_a_stream_lives_through_it(site):
    """An open event stream goes on after three crashes, and ends with its execution."""
    tenant = site.told["tenants"][1]
    headers = {"Authorization": f"Bearer {tenant['key']}"}
    place = f"/api/v1/executions/{tenant['execution']}"
    with site.web() as url, httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        with client.stream("GET", f"{place}/events", headers={"Accept": "text/event-stream"}) as stream:
            assert stream.status_code == 200
            for away_s in AWAY_S:
                Database(site).crash(away_s=away_s)
            assert until(
                lambda: httpx.post(f"{url}{place}/cancellation", headers=headers).is_success, timeout_s=20
            )
            assert [event.event for event in read_events(stream.iter_lines())][-1] == "task_cancelled"


def test_a_stream_is_refused_with_a_time_to_come_back(site):
    """Who asks for a stream while the database is away gets a problem document, 503 and Retry-After."""
    tenant = site.told["tenants"][0]
    headers = {"Authorization": f"Bearer {tenant['key']}"}
    old = site.machine.record("database")
    with site.web() as url:
        os.kill(old.keeper, signal.SIGSTOP)
        os.kill(old.server, signal.SIGQUIT)
        try:
            refused = httpx.get(
                f"{url}/api/v1/executions/{tenant['execution']}/events", headers=headers, timeout=20
            )
        finally:
            os.kill(old.keeper, signal.SIGCONT)
            assert until(lambda: site.machine.record("database").server != old.server, timeout_s=BACK_S)
    assert refused.status_code == 503
    assert refused.headers["content-type"] == problem.MEDIA_TYPE
    assert int(refused.headers["retry-after"]) > 0


def test_tasks_go_on(site):
    """The same threads and connections ring, claim, refresh and sweep after three crashes; a step's task never raises."""
    step = "01890000-0000-7000-8000-000000000000"
    worker = site.start_script(WORKER, site.told["tenants"][0]["id"], step)
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(worker.kill)
        for away_s in AWAY_S:
            Database(site).crash(away_s=away_s)
            time.sleep(1.0)  # some rounds with the database back
        out, err = worker.communicate("", timeout=60)
    assert out, err
    told = json.loads(out.splitlines()[-1])
    assert told["raised"] == []
    assert told["away"] >= 2
    assert told["after"] > 3


def test_a_server_without_a_free_connection_is_503(site):
    """While others hold every connection requests are told to come back, and served as soon as there is one again."""
    headers = {"Authorization": f"Bearer {site.told['tenants'][0]['key']}"}
    with site.web() as url, contextlib.ExitStack() as others:
        _take_all(site, others)
        refused = httpx.get(f"{url}/api/v1/executions", headers=headers, timeout=30)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        others.close()
        assert until(lambda: _free(site), timeout_s=10)
        answers = [httpx.get(f"{url}/api/v1/executions", headers=headers, timeout=30) for _ in range(2)]
        assert answers[0].status_code in {200, 503}
        assert answers[1].status_code == 200


def _take_all(site: OwnSite, held: contextlib.ExitStack) -> None:
    """Connect as the application until the server refuses, having ended what was connected before."""
    connect: Any = partial(psycopg.connect, site.environment.database_url, autocommit=True)
    first = held.enter_context(connect())
    ours = "FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
    first.execute(f"SELECT pg_terminate_backend(pid, 5000) {ours}")

    def connect_on_and_on() -> None:
        while True:
            held.enter_context(connect())

    with pytest.raises(psycopg.OperationalError, match=r"connection slots|too many clients"):
        connect_on_and_on()


def _free(site: OwnSite) -> bool:
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(site.environment.database_url):
        return True
    return False


def _has(told: list[Told], count: int) -> bool:
    return len(told) > count
