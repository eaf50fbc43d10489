"""A hundred callers at once on the real server: exactly what is allowed is let in, and nobody pays for another's noise."""

import http.client
import math
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django_tenants.utils import tenant_context

from miosa.testing.fixtures import open_tenant
from miosa.testing.web_process import web_process
from tenants import api_keys
from tenants.scopes import READ

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

CALLERS = 100
AGENTS = "/api/v1/agents"
TENANT, CREDENTIAL = 300, 120  # a minute, and at once


@pytest.fixture
def port(tmp_path):
    """The real server with low limits."""
    with web_process(
        tmp_path / "log",
        MIOSA_RATE_TENANT=f"{TENANT}/min",
        MIOSA_RATE_CREDENTIAL=f"{CREDENTIAL}/min",
    ) as port:
        yield port


def key_of(tenant):
    with tenant_context(tenant):
        return api_keys.make("k", scopes=READ)[1]


class Caller:
    """One connection that asks again and again; `counted` are its answers by status, `took_s` each one's time."""

    def __init__(self, port, key):
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {key}"}
        self.counted, self.took_s = {}, []

    def ask(self):
        began = time.monotonic()
        self.link.request("GET", AGENTS, headers=self.headers)
        response = self.link.getresponse()
        response.read()
        self.took_s.append(time.monotonic() - began)
        self.counted[response.status] = self.counted.get(response.status, 0) + 1
        return response.status


def together(callers, times):
    """Let all ask `times` times, beginning at once; return the seconds from the first request to the last answer."""
    ready = threading.Barrier(len(callers) + 1)

    def work(caller):
        ready.wait()
        for _ in range(times):
            caller.ask()

    with ThreadPoolExecutor(len(callers)) as pool:
        done = [pool.submit(work, caller) for caller in callers]
        ready.wait()
        began = time.monotonic()
        for one in done:
            one.result()
    return time.monotonic() - began


def let_in(callers):
    return sum(caller.counted.get(200, 0) for caller in callers)


def test_a_hundred_callers_get_exactly_burst_and_refill(port):
    """With one key: the burst, and what grows meanwhile, within one request; everybody else is told 429."""
    key = key_of(open_tenant("acme"))
    callers = [Caller(port, key) for _ in range(CALLERS)]
    took_s = together(callers, 5)
    assert CREDENTIAL <= let_in(callers) <= CREDENTIAL + math.ceil(took_s * CREDENTIAL / 60) + 1
    assert {status for caller in callers for status in caller.counted} == {200, 429}


def test_the_tenants_limit_holds_over_all_its_keys(port):
    """Five keys whose own limits would allow twice as much are let in as often as their tenant is."""
    acme = open_tenant("acme")
    keys = [key_of(acme) for _ in range(5)]
    callers = [Caller(port, keys[number % 5]) for number in range(CALLERS)]
    took_s = together(callers, 6)
    assert TENANT <= let_in(callers) <= TENANT + math.ceil(took_s * TENANT / 60) + 1


def test_equal_keys_get_a_share_each(port):
    """Whoever asks within the limits is let in: none of a hundred callers with keys of their own is starved."""
    acme = open_tenant("acme")
    callers = [Caller(port, key_of(acme)) for _ in range(CALLERS)]
    together(callers, 2)
    assert [caller.counted for caller in callers] == [{200: 2}] * CALLERS


def test_a_noisy_key_and_a_noisy_tenant_starve_nobody(port):
    """Beside fifty callers who overrun their limit a thousand times a second, another key of their tenant and another
    tenant get all they ask for, and about as fast as alone."""
    acme, globex = open_tenant("acme"), open_tenant("globex")
    noisy_key, quiet = key_of(acme), [Caller(port, key_of(one)) for one in (acme, globex)]
    alone_s = asked(quiet, 40)
    noisy, over = [Caller(port, noisy_key) for _ in range(50)], threading.Event()

    def make_noise(caller):
        while not over.wait(0.05):
            caller.ask()

    with ThreadPoolExecutor(len(noisy)) as pool:
        for caller in noisy:
            pool.submit(make_noise, caller)
        while refused(noisy) < 100:
            time.sleep(0.01)
        beside_s = asked(quiet, 40)
        over.set()
    assert refused(noisy) > 200
    assert beside_s < 10 * alone_s


def asked(callers, times):
    """Let each ask so often, one after the other; every answer is 200. Return the median time of an answer."""
    for caller in callers:
        caller.took_s.clear()
        assert [caller.ask() for _ in range(times)] == [200] * times
    return statistics.median(took_s for caller in callers for took_s in caller.took_s)


def refused(callers):
    return sum(caller.counted.get(429, 0) for caller in callers)
