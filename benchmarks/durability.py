"""What becomes of executions when everything under them is killed, and what their guarantees cost.

    python -m benchmarks.durability [--json] [--executions N]

A site of its own, with no key, and executions of three steps each. First 5 N in peace and without a model, for
`steps_per_s`; then N (100) with a model that takes its time, while workers and beat are killed with -9 (5 times), the
broker is flushed and the database is stopped without warning. `lost` are executions that never ended, `duplicated` steps
that were recorded more than once, `recovery_s` the longest time from a kill until one of the `steps_hit` was begun again;
a lease is `lease_s` long. `cancel_s` is the longest time from a cancellation until a running model call was hung up.
`celery_tasks_per_s` is what plain Celery does over the same broker with tasks that do nothing; its workers and ours have
worked before they are measured. With --json the last line is one JSON object; ratios alone compare machines.
"""

import argparse
import json
import os
import random
import time
from pathlib import Path
from typing import Any

from benchmarks.durable.bench import DEADLINE_S, Bench, models_at
from benchmarks.durable.cancelling import cancelled
from benchmarks.durable.crew import Crew, crew, plain_worker
from miosa.embedded.processes import until
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from miosa.tests.own_site import own_site

SEED = 7
ACTS = ("worker0", "flush", "worker1", "beat", "database", "worker0", "worker1")
OUTAGES = ("flush", "database")
PLAIN = 1_500
WARM = 100  # executions
AS_MANY = 5  # times as many in peace: their steps are about the plain tasks
PEACEFUL = "Check the health of the platform: which models failed, and how long did they take?"
ASKING = "Say hello to a new customer of ours in one friendly sentence."
ANSWER = Reply(text="Hello and welcome, we are glad that you are a customer of ours now!", before_s=0.5)
RATES = dict.fromkeys(("MIOSA_RATE_TENANT", "MIOSA_RATE_CREDENTIAL"), "100000/min")
STATES = "SELECT state, count(*) FROM agents_execution WHERE id = ANY(%s) GROUP BY 1"
STEPS = """
SELECT count(*), extract(epoch FROM max(finished) - min(started)) FROM agents_step
WHERE execution_id = ANY(%s) AND state = 'completed'"""
TWICE = """
SELECT coalesce(sum(times - 1), 0) FROM (
  SELECT count(*) AS times FROM agents_executionevent WHERE execution_id = ANY(%s) AND kind = 'agent_finished'
  GROUP BY execution_id, data->>'step') AS recorded"""
HIT = """
SELECT execution_id, key, attempt, now() FROM agents_step
WHERE execution_id = ANY(%s) AND state = 'running' AND lease_owner LIKE %s"""
BEGUN_AGAIN = """
SELECT extract(epoch FROM min(created) - %s) FROM agents_executionevent
WHERE execution_id = %s AND kind = 'agent_started' AND data->>'step' = %s AND (data->>'attempt')::int > %s"""


def in_peace(bench: Bench, number: int, folder: Path) -> float:
    """Steps a second where nothing happens to them."""
    with crew(bench.site.environ, folder):
        bench.wait(bench.submit(WARM, PEACEFUL))
        bench.rows("ANALYZE")  # as the server does by itself seconds after a table has grown
        ids = bench.submit(AS_MANY * number, PEACEFUL)
        bench.wait(ids)
    steps, seconds = bench.rows(STEPS, ids)[0]
    return float(steps) / float(seconds)


def in_chaos(bench: Bench, number: int, folder: Path) -> dict[str, Any]:
    """The same while everything is killed, evenly over the run."""
    chance = random.Random(SEED)
    hit: list[Any] = []
    with (
        WireServer(lambda _asked: ANSWER) as wire,
        crew(bench.site.environ | models_at(wire.url), folder) as made,
    ):
        ids = bench.submit(number, ASKING)
        for place, act in enumerate(ACTS, start=1):
            share = place / (len(ACTS) + 1) * number
            until(lambda share=share: bench.ended(ids) >= share, timeout_s=DEADLINE_S)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.2))  # at any instant
            hit += _act(bench, made, act, ids)
        bench.wait(ids)
    waits = [
        float(found)
        for execution, key, attempt, at in hit
        for (found,) in bench.rows(BEGUN_AGAIN, at, execution, key, attempt)
        if found is not None
    ]
    return {
        "executions": number,
        "states": dict(bench.rows(STATES, ids)),
        "lost": number - bench.ended(ids),
        "duplicated": int(bench.rows(TWICE, ids)[0][0]),
        "kills": sum(act not in OUTAGES for act in ACTS),
        "steps_hit": len(hit),
        "begun_again": len(waits),
        "recovery_s": round(max(waits, default=0.0), 2),
        "lease_s": bench.site.script(
            "import json; from agents.leases import LEASE_S; print(json.dumps(LEASE_S))"
        ),
    }


def _act(bench: Bench, made: Crew, act: str, ids: list[str]) -> list[Any]:
    """Do something bad; return the steps that were under way there, as (execution, key, attempt, when)."""
    if act == "flush":
        bench.broker.flushdb()
        return []
    owner = "%" if act == "database" else f"%:{made.pid(act)}:%"
    if act.startswith("worker"):  # one that is only just there again has nothing to lose yet
        until(lambda: bench.rows(HIT, ids, owner) or bench.ended(ids) == len(ids), timeout_s=DEADLINE_S)
    hit = bench.rows(HIT, ids, owner)
    if act == "database":
        bench.crash_database()
    else:
        made.kill(act)
    return hit


def plain(bench: Bench, folder: Path) -> float:
    """Tasks a second of plain Celery."""
    os.environ["REDIS_URL"] = bench.site.environ["REDIS_URL"]
    from benchmarks.durable.plain import COUNTER, count

    bench.broker.delete(COUNTER)
    with plain_worker(bench.site.environ, folder):
        count.delay()
        until(lambda: int(bench.broker.get(COUNTER) or 0) == 1, timeout_s=60)
        began = time.monotonic()
        for _ in range(PLAIN):
            count.delay()
        until(lambda: int(bench.broker.get(COUNTER) or 0) == PLAIN + 1, timeout_s=120)
        return PLAIN / (time.monotonic() - began)


def main() -> None:
    """Measure and print, as a table or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--executions", type=int, default=100)
    options = parser.parse_args()
    with own_site(**RATES) as site:
        bench, folder = Bench(site), Path(site.machine.root)
        tasks_per_s = plain(bench, folder)
        steps_per_s = in_peace(bench, options.executions, folder)
        result = in_chaos(bench, options.executions, folder)
        result["cancel_s"] = round(max(cancelled(bench, ASKING, folder)), 2)
    result |= {
        "steps_per_s": round(steps_per_s, 1),
        "celery_tasks_per_s": round(tasks_per_s, 1),
        "steps_to_tasks": round(steps_per_s / tasks_per_s, 3),
    }
    if options.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:20} {value}")


if __name__ == "__main__":
    main()
