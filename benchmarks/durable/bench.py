"""A site whose workers, broker and database a benchmark runs, watches and breaks."""

import os
import signal
import time
from typing import Any

import psycopg
from redis import Redis

from miosa.embedded.processes import is_alive, until
from miosa.tests.own_site import OwnSite

AWAY_S = 1.0
DEADLINE_S = 300
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


def models_at(url: str) -> dict[str, str]:
    """Return the variables by which the base URL of a server, ending in /v1, is that of the models."""
    return {"LOCAL_MODEL_URL": url, "EMBEDDINGS_URL": url.removesuffix("/v1")}


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
                    asked = connection.execute(query, values)
                    return asked.fetchall() if asked.description else []
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
