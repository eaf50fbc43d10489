"""Every token is counted, whatever dies: the web server is killed, the broker flushed."""

import asyncio
import json
import os
import random
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from redis import Redis

from billing import ledger
from billing.errors import QuotaExceeded
from billing.models import Budget, LedgerEntry
from miosa.embedded.processes import until
from miosa.testing.front_door import KEY, key_of
from miosa.testing.web_process import web_process
from miosa.testing.wire_replies import Reply
from routing.front_door.clerk import Clerk, alone
from routing.front_door.journal import Journal
from routing.front_door.money import Purse, opener
from routing.models import ModelCall

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
MODEL = "openai/gpt-oss-120b"


@pytest.mark.parametrize("seed", [1, 2])
def test_every_token_is_counted_whatever_dies(tenant, tmp_path, groq, seed):
    """The web server is killed and the broker flushed at random moments: the ledger holds every answer that a client
    got, to the token, and nothing that nobody got is charged.
    """
    chance, told, key = random.Random(seed), {}, key_of(tenant)
    groq.script = lambda asked: Reply(
        text="x", first_token_s=chance.uniform(0, 0.03),
        usage={"prompt_tokens": int(asked.prompt), "completion_tokens": int(asked.prompt) + 1},
    )  # fmt: skip
    variables = {"GROQ_API_KEY": KEY, "GROQ_BASE_URL": groq.url, "MIOSA_STATE": str(tmp_path)}
    broker = Redis.from_url(settings.ENVIRONMENT.redis_url)
    numbers = iter(range(1, 100_000))
    for life in range(3):
        with web_process(tmp_path / f"web{life}.log", **variables) as port:
            stop = threading.Event()
            threads = [
                threading.Thread(target=_asks, args=(port, key, numbers, told, stop)) for _ in range(6)
            ]
            for thread in threads:
                thread.start()
            until_s = time.monotonic() + chance.uniform(0.8, 1.6)
            while time.monotonic() < until_s:
                broker.flushdb()
                time.sleep(0.05)
            _kill_worker(port)
            stop.set()
            for thread in threads:
                thread.join()
    clerk = Clerk(tmp_path / "usage")
    with alone(tmp_path / "usage", until=lambda: False):
        assert until(
            lambda: clerk.drain() == 0 and not list((tmp_path / "usage").glob("*.jsonl")), timeout_s=60
        )
    calls = {str(call.decision_id): call for call in ModelCall.objects.all()}
    assert len(told) > 30
    for decision_id, (read, written) in told.items():
        call = calls[decision_id]
        assert (call.winner, call.input_tokens, call.output_tokens) == (True, read, written)
    unheard = [call for decision_id, call in calls.items() if decision_id not in told]
    assert len(unheard) <= 6 * 3  # no more than were under way when it was killed
    winners = [call for call in calls.values() if call.winner]
    assert Budget.objects.get().spent_micros == sum(call.cost_micros for call in winners)
    assert Budget.objects.get().reserved_micros == 0
    assert LedgerEntry.objects.filter(meter="tokens").count() == len(calls)
    assert ledger.spent_on(None) == sum(call.cost_micros for call in winners)


def test_a_block_that_was_taken_just_before_the_end_is_given_back(tenant, tmp_path):
    """Its process dies before any call is in it: the clerk knows of it all the same, and of one that was refused."""
    journal, take = Journal(tmp_path), opener(tenant.pk, [], {})

    async def taken():
        await Purse(tenant.pk, journal, take).reserve(1_000)
        with pytest.raises(QuotaExceeded):
            await Purse(tenant.pk, journal, take).reserve(10**12)

    asyncio.run(taken())
    assert Budget.objects.get().reserved_micros > 0
    journal.close()  # as the end of its process does
    clerk = Clerk(tmp_path)
    with alone(tmp_path, until=lambda: False):
        assert until(lambda: clerk.drain() == 0 and not list(tmp_path.glob("*.jsonl")), timeout_s=20)
    assert Budget.objects.get().reserved_micros == 0


def test_a_clerk_that_dies_is_started_again(tenant, tmp_path, groq):
    """Killed between two calls: the next one is posted all the same, by a clerk that reads on where it stopped."""
    variables = {"GROQ_API_KEY": KEY, "GROQ_BASE_URL": groq.url, "MIOSA_STATE": str(tmp_path)}
    groq.script = lambda asked: Reply(text="x", usage={"prompt_tokens": 5, "completion_tokens": 1})
    key = key_of(tenant)
    with web_process(tmp_path / "web.log", **variables) as port:
        killed = []
        for _ in range(2):
            assert until(lambda: bool(set(_clerks(tmp_path)) - set(killed)), timeout_s=20)
            _ask(port, key)
            assert until(lambda: ModelCall.objects.count() == len(killed) + 1, timeout_s=20)
            for clerk in set(_clerks(tmp_path)) - set(killed):
                os.kill(clerk, signal.SIGKILL)
                killed.append(clerk)
        assert len(killed) == 2
    assert LedgerEntry.objects.filter(meter="tokens").count() == 2


def _ask(port, key):
    body = {"model": MODEL, "messages": [{"role": "user", "content": "7"}], "max_tokens": 50}
    address = f"http://127.0.0.1:{port}/v1/chat/completions"
    answer = httpx.post(address, headers={"Authorization": f"Bearer {key}"}, json=body)
    assert answer.status_code == 200, answer.text


def _clerks(folder):
    """The processes that read this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if b"clerk" in words and str(folder / "usage").encode() in words:
            found.append(int(entry.name))
    return found


def _asks(port, key, numbers, told, stop):
    with httpx.Client(timeout=10) as client:
        while not stop.is_set():
            number = next(numbers)
            body = {"model": MODEL, "messages": [{"role": "user", "content": str(number)}], "max_tokens": 50}
            try:
                answer = client.post(
                    f"http://127.0.0.1:{port}/v1/chat/completions",
                    headers={"Authorization": f"Bearer {key}"},
                    content=json.dumps(body),
                )
            except httpx.TransportError:
                return
            assert answer.status_code == 200, answer.text
            told[answer.headers["x-miosa-decision-id"]] = (number, number + 1)


def _kill_worker(port):
    """Kill -9 whoever answers on a port: the worker, not the master that would end in order."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = (entry / "stat").read_bytes().rpartition(b")")[2].split()[1]
        except OSError:
            continue
        if b"granian" in words and str(port).encode() in words and _is_granian(parent):
            os.kill(int(entry.name), signal.SIGKILL)


def _is_granian(pid):
    try:
        return b"granian" in Path(f"/proc/{int(pid)}/cmdline").read_bytes()
    except OSError:
        return False
