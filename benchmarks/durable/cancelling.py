"""How long a model goes on working for nobody: from the commit of a cancellation until its caller hangs up."""

import math
import time
from pathlib import Path

from benchmarks.durable.bench import DEADLINE_S, Bench, models_at
from benchmarks.durable.crew import crew
from miosa.embedded.processes import until
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer

NEVER = Reply(before_s=math.inf)
TRIES = 5
CANCEL = """
import json, sys, time
from uuid import UUID
from agents import control
from tenants.task_scope import task_scope
with task_scope(sys.argv[1]):
    control.cancel(UUID(sys.argv[2]))
print(json.dumps(time.time()))
"""


def cancelled(bench: Bench, request: str, folder: Path) -> list[float]:
    """Return seconds, one for each try."""
    with (
        WireServer(lambda _asked: NEVER) as wire,
        crew(bench.site.environ | models_at(wire.url), folder, workers=1),
    ):
        return [_one(bench, request, wire) for _ in range(TRIES)]


def _one(bench: Bench, request: str, wire: WireServer) -> float:
    before = len(wire.chats())
    execution = bench.submit(1, request)[0]
    until(lambda: len(wire.chats()) > before, timeout_s=DEADLINE_S)
    asked = wire.chats()[-1]
    act = bench.site.start_script(CANCEL, bench.tenant, execution)
    came = asked.hung_up.wait(DEADLINE_S)
    heard = time.time()
    committed = float(act.communicate()[0].strip().splitlines()[-1])
    return max(0.0, heard - committed) if came else math.inf
