"""What a decision costs in a process that learns from many stored outcomes; called by benchmarks.route_decision.

It works on a database of its own, which it starts and removes.
"""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.isolation.database import own_database, superuser

OUTCOMES = 100_000
STARTS, REFRESHES = 7, 41
REPEATS, LOOPS = 11, 2_000
WIDTH = 384  # of an embedding

# Outcomes as checks leave them; the transactions that wrote them are over.
FILL = """
INSERT INTO routing_outcome (id, tenant_id, decision_id, source, model, task_kind, topic, success, verdict, counts,
  credit, confidence, latency_ms, created)
SELECT uuidv7(), %(tenant)s, uuidv7(), 'checks', (%(models)s::text[])[1 + n %% cardinality(%(models)s::text[])],
  (%(kinds)s::text[])[1 + n / 7 %% cardinality(%(kinds)s::text[])], '', n %% 3 > 0, (n %% 3 > 0)::int, 1,
  (n %% 3 > 0)::int, 7, 400 + n %% 900, now()
FROM generate_series(1, %(count)s) n"""


def measure() -> dict[str, Any]:
    """Milliseconds to read 100,000 outcomes and one more, nanoseconds of a decision on them."""
    with own_database() as url:
        # Models can be imported only now.
        from django_tenants.utils import tenant_context

        from miosa.testing.flows import providers
        from routing import board
        from routing.requirement import TASK_KINDS
        from tenants.provisioning import open_tenant

        opened = open_tenant("acme", name="Acme", owner_email="owner@acme.example")
        models = [model.id for model in board.catalog().models if model.price]
        with superuser(url) as filling:
            filling.execute("SET session_replication_role = replica")  # their decisions are not needed
            filling.execute(
                FILL,
                {
                    "tenant": opened.tenant.pk,
                    "models": models,
                    "kinds": list(TASK_KINDS),
                    "count": OUTCOMES,
                },
            )
            filling.execute("ANALYZE routing_outcome")
        with (
            tenant_context(opened.tenant),
            providers(groq="http://127.0.0.1:9/v1", kimi="http://127.0.0.1:9/v1"),
        ):
            return {"stored_outcomes": OUTCOMES, **_refreshing(), **_deciding()}


def _refreshing() -> dict[str, float]:
    from routing import board
    from routing.requirement import Requirement
    from routing.router import decide
    from routing.tests.stored import outcome

    def decided() -> object:
        return decide(board.current(), Requirement("chat"))

    starts, unchanged, learned, stored = [], [], [], []
    for _ in range(STARTS):
        board.forget_all()
        starts.append(_ms(decided))
    for number in range(REFRESHES):
        board.forget()
        unchanged.append(_ms(decided))
        stored.append(_ms(lambda number=number: outcome(success=number % 2 > 0)))  # type: ignore[misc]
        learned.append(_ms(decided))
    medians = {"first_read_ms": starts, "unchanged_ms": unchanged, "store_ms": stored, "refresh_ms": learned}
    return {name: statistics.median(times) for name, times in medians.items()}


def _deciding() -> dict[str, float]:
    from routing import board, deciding
    from routing.requirement import Requirement
    from routing.router import explore
    from routing.selections import MOST_PER_QUESTION

    board.listener.begin()
    need, here = Requirement("chat"), board.current()
    vectors = np.random.default_rng(1).standard_normal((MOST_PER_QUESTION, WIDTH)).tolist()
    for vector in vectors:
        deciding.decided(need, vector=vector)
    question = here.question(need)
    variants: dict[str, Callable[[], object]] = {
        "warm_decision_ns": lambda: explore(board.current(), need),
        "whole_decision_ns": lambda: deciding.decided(need),
        "similar_decision_ns": lambda: deciding.decided(need, vector=vectors[0]),
        "near_ns": lambda: here.similar.near(question, vectors[0]),
    }
    found: dict[str, list[float]] = {name: [] for name in variants}
    order = [name for name in variants for _ in range(REPEATS)]
    random.Random(1).shuffle(order)
    for name in order:
        board.current()
        begin = time.perf_counter_ns()
        for _ in range(LOOPS):
            variants[name]()
        found[name].append((time.perf_counter_ns() - begin) / LOOPS)
    board.listener.end()
    return {name: statistics.median(times) for name, times in found.items()}


def _ms(call: Callable[[], object]) -> float:
    begin = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - begin) / 1_000_000
