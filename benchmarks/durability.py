"""What becomes of executions when everything under them is killed, and what their guarantees cost.

    python -m benchmarks.durability [--json] [--executions N]

A site of its own, with no key: N executions (100) of three steps each are handed in twice. First in peace and without a
model, for `steps_per_s`; then with a model that takes its time, while workers and beat are killed with -9 (5 times), the
broker is flushed and the database is stopped without warning. `lost` are executions that never ended, `duplicated` steps
that were recorded more than once, `recovery_s` the longest time from a kill until one of the `steps_hit` was begun again;
a lease is `lease_s` long. `celery_tasks_per_s` is what plain Celery does over the same broker with tasks that do nothing;
its workers and ours have worked before they are measured. With --json the last line is one JSON object; ratios alone
compare machines.
"""

import argparse
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import psycopg
from redis import Redis

from benchmarks.durable.crew import Crew, crew, plain_worker
from miosa.embedded.processes import is_alive, until
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from miosa.tests.own_site import OwnSite, own_site

SEED = 7
ACTS = ("worker0", "flush", "worker1", "beat", "database", "worker0", "worker1")
OUTAGES = ("flush", "database")
PLAIN = 1_500
AWAY_S = 1.0
DEADLINE_S = 300
WARM = 16  # executions
PEACEFUL = "Check the health of the platform: which models failed, and how long did they take?"
ASKING = "Say hello to a new customer of ours in one friendly sentence."
ANSWER = Reply(text="Hello and welcome, we are glad that you are a customer of ours now!", before_s=0.5)
RATES = dict.fromkeys(("MIOSA_RATE_TENANT", "MIOSA_RATE_CREDENTIAL"), "100000/min")
SUBMIT = """
import json, sys
from agents.submission import submit
from billing.models import Budget
from billing.subscriptions import current_budget
from tenants.task_scope import task_scope
made = []
with task_scope(sys.argv[1]):
    current_budget()
    Budget.objects.update(executions_cap=None)
    for _ in range(int(sys.argv[2])):
        made.append(str(submit(sys.argv[3], requested_by="user:1").pk))
print(json.dumps(made))
"""
ENDED = "SELECT count(*) FROM agents_execution WHERE id = ANY(%s) AND finished IS NOT NULL"
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


class Bench:
    """One site with its tenant, looked at from outside the product."""

    def __init__(self, site: OwnSite) -> None:
        self.site = site
        self.tenant = site.told["tenants"][0]["id"]
        self.broker = Redis.from_url(site.environ["REDIS_URL"])

    def submit(self, number: int, request: str) -> list[str]:
        """Hand executions in; return their ids."""
        made: list[str] = self.site.script(SUBMIT, self.tenant, str(number), request)
        return made

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Ask the database as its superuser; while it is away, wait for it."""
        url = self.site.machine.record("database").url.rpartition("/")[0] + "/miosa"
        for _ in range(100):
            try:
                with psycopg.connect(url, autocommit=True) as connection:
                    return connection.execute(query, values).fetchall()
            except psycopg.OperationalError:
                time.sleep(0.2)
        raise RuntimeError("the database does not come back")

    def ended(self, ids: list[str]) -> int:
        """How many of them have ended."""
        return int(self.rows(ENDED, ids)[0][0])

    def wait(self, ids: list[str]) -> None:
        """Wait until all have ended, or for so long that they are lost."""
        until(lambda: self.ended(ids) == len(ids), timeout_s=DEADLINE_S)

    def crash_database(self) -> None:
        """Stop it in mode immediate, and let its keeper start it again."""
        old = self.site.machine.record("database")
        os.kill(old.keeper, signal.SIGSTOP)
        os.kill(old.server, signal.SIGQUIT)
        until(lambda: not is_alive(old.server), timeout_s=20)
        time.sleep(AWAY_S)  # the outage itself
        os.kill(old.keeper, signal.SIGCONT)
        until(lambda: self.site.machine.record("database").server != old.server, timeout_s=60)


def in_peace(bench: Bench, number: int, folder: Path) -> float:
    """Steps a second where nothing happens to them."""
    with crew(bench.site.environ, folder):
        bench.wait(bench.submit(WARM, PEACEFUL))
        ids = bench.submit(number, PEACEFUL)
        bench.wait(ids)
    steps, seconds = bench.rows(STEPS, ids)[0]
    return float(steps) / float(seconds)


def in_chaos(bench: Bench, number: int, folder: Path) -> dict[str, Any]:
    """The same while everything is killed, evenly over the run."""
    chance = random.Random(SEED)
    hit: list[Any] = []
    with (
        WireServer(lambda _asked: ANSWER) as wire,
        crew(bench.site.environ | _at(wire.url), folder) as made,
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


def _at(url: str) -> dict[str, str]:
    return {"LOCAL_MODEL_URL": url, "EMBEDDINGS_URL": url.removesuffix("/v1")}


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
