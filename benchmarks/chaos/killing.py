"""Who kills: workers die with SIGKILL now and then, and others take their place."""

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from benchmarks.chaos.work import TURN_S, Calls, deliver, record, tell

WORKERS, TELLERS = 3, 2


@dataclass
class Run:
    """What is done and what was suffered."""

    calls: Calls
    kills: int
    chance: random.Random
    killed: int = 0
    again: int = 0
    acknowledged: set[int] = field(default_factory=set)


def suffer(run: Run, tenants: Sequence[Any], there: Any) -> None:
    """Let them work until every call is acknowledged and every kill is done."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    _close_all()
    running: dict[int, tuple[str, int]] = {}
    heard = b""
    while len(run.acknowledged) < len(run.calls) or run.killed < run.kills:
        _start_missing(run, running, tenants, there, writing)
        time.sleep(TURN_S)
        heard = _hear(run, reading, heard)
        if run.killed < run.kills * max(len(run.acknowledged), 1) / len(run.calls) and running:
            os.kill(run.chance.choice(list(running)), signal.SIGKILL)
            run.killed += 1
        _bury(running)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    while running:
        _bury(running)
    os.close(reading)
    os.close(writing)


def _start_missing(
    run: Run, running: dict[int, tuple[str, int]], tenants: Sequence[Any], there: Any, writing: int
) -> None:
    """Replace whoever is dead, with what is not acknowledged."""
    wanted = [("worker", number) for number in range(WORKERS)]
    wanted += [("teller", number) for number in range(TELLERS)] + [("postman", 0)]
    for role in wanted:
        if role in running.values():
            continue
        left = [n for n in range(role[1], len(run.calls), WORKERS) if n not in run.acknowledged]
        if role[0] == "worker" and not left:
            continue
        run.again += role[0] == "worker" and bool(run.acknowledged)
        events = list(there.world.events) * 2
        run.chance.shuffle(events)
        work: dict[str, Callable[[], None]] = {
            "worker": partial(record, run.calls, left, tenants, writing),
            "teller": tell,
            "postman": partial(deliver, events),
        }
        running[_forked(work[role[0]])] = role


def _forked(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return pid


def _bury(running: dict[int, tuple[str, int]]) -> None:
    while running:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        running.pop(pid, None)


def _hear(run: Run, reading: int, heard: bytes) -> bytes:
    try:
        heard += os.read(reading, 1 << 16)
    except BlockingIOError:
        return heard
    *lines, rest = heard.split(b"\n")
    run.acknowledged |= {int(line) for line in lines}
    return rest


def _close_all() -> None:
    """Connections and the threads of their pools do not outlive a fork."""
    from django.db import connections

    for alias in connections.all(initialized_only=True):
        alias.close()
        alias.close_pool()  # type: ignore[attr-defined]
