"""Starts other processes of the product on the test's database, and talks to them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

from miosa.environment import ROOT, export
from miosa.testing.web_process import on_the_test_database
from routing.board import FRESH_S

PROVIDER = {"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": "http://127.0.0.1:9/v1"}

PROCESS = """
import sys, django
django.setup()
from routing.tests.peer_process import main
main(sys.argv[1])
"""


class Peer:
    """One process. What it is asked it does at once, in its only thread."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert self._answer() == "ready"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda **arguments: self._ask(name, arguments)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(10)

    def _ask(self, name: str, arguments: dict[str, Any]) -> Any:
        assert self.process.stdin
        self.process.stdin.write(json.dumps([name, arguments]) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the process ended"
        return json.loads(line)


@contextmanager
def peers(tenant: Any, count: int = 1, *, port: int = 0, **variables: str) -> Iterator[list[Peer]]:
    """Run processes for a committed tenant until the block ends. `port`: of a pooler before the database."""
    environ = dict(os.environ)
    export(on_the_test_database(), environ)
    environ |= PROVIDER | variables
    environ.pop("MIOSA_DATABASE_LOGIN", None)
    for name in ("DATABASE_URL", "DATABASE_PLATFORM_URL") if port else ():
        place = urlsplit(environ[name])
        login = place.netloc.rpartition("@")[0]
        environ[name] = place._replace(netloc=f"{login}@127.0.0.1:{port}").geturl()
    command = [sys.executable, "-c", PROCESS, tenant.slug]
    with ExitStack() as ended:
        started = [
            ended.enter_context(
                subprocess.Popen(
                    command, cwd=ROOT, env=environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
            )
            for _ in range(count)
        ]
        for process in started:
            ended.callback(process.kill)
        yield [Peer(process) for process in started]


def requests_are(number: int) -> Callable[[dict[str, Any]], bool]:
    """Whether a process knows of so many requests."""
    return lambda told: bool(told["requests"] == number)


def seen_in_time(peer: Peer, wanted: Callable[[dict[str, Any]], bool], *, since: float) -> float:
    """Let a process decide again and again until it knows; return the seconds it took.

    Fails if a decision that was asked for a second or more after `since` (monotonic seconds) does not know yet.
    """
    while True:
        asked = time.monotonic()
        if wanted(peer.current()):
            return time.monotonic() - since
        assert asked - since < FRESH_S, "a decision did not know what was committed a second before"
        time.sleep(0.02)
