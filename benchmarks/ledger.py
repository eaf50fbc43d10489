"""What money costs in time: writing the ledger, holding a budget, proving the books, telling a month.

    python -m benchmarks.ledger [--json] [--full]

It works on a database of its own, which it starts and removes. Without --full the books have 100,000 entries before
anything is measured, with it a million. On a busy machine only the ratios mean anything.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any
from uuid import uuid4

from benchmarks.isolation.database import own_database, superuser

BATCHES, BATCH = 60, 500
# More at once than processors: who waits for the disk leaves the processor to others.
PAIRS, PROCESSES, TENANTS = 16_000, 16, 16
ENTRIES, ENTRIES_FULL = 100_000, 1_000_000
STATEMENT = 100_000
AIMS = {"row_us": 60.0, "verify_s": 60.0, "statement_s": 1.0}
AIM_PER_S = 2_000.0

# Entries as charges leave them: each paid by one grant.
FILL = """
WITH entry AS (
  INSERT INTO billing_ledgerentry (id, tenant_id, meter, quantity, cost_micros, source, source_id, model, agent,
    description, details, created)
  SELECT uuidv7(), %(tenant)s, 'tokens', 100, 7, 'filled', n::text, 'model ' || n %% 5, 'agent ' || n %% 11, '', '{}',
    date_trunc('month', now()) + n * ((now() - date_trunc('month', now())) / %(count)s)
  FROM generate_series(1, %(count)s) n RETURNING id, created)
INSERT INTO billing_posting (id, tenant_id, entry_id, debit, credit, grant_id, amount_micros, created)
SELECT uuidv7(), %(tenant)s, id, 'overage', 'usage', NULL, 7, created FROM entry"""


def measure(*, full: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Everything, in one run."""
    begun = time.perf_counter()
    say("starting a database")
    with own_database() as url:
        # Models can be imported only now.
        from tenants.provisioning import open_tenant

        opened = [
            open_tenant(f"bench-{number}", name="Bench", owner_email=f"owner{number}@bench.example").tenant
            for number in range(TENANTS)
        ]
        entries = ENTRIES_FULL if full else ENTRIES
        say(f"filling {entries:,} entries in")
        with superuser(url) as filling:
            filling.execute("SET session_replication_role = replica")
            filling.execute(FILL, {"tenant": opened[0].pk, "count": STATEMENT})
            filling.execute(FILL, {"tenant": opened[1].pk, "count": entries - STATEMENT or 1})
            filling.execute("VACUUM ANALYZE")
        say(f"writing {BATCHES * BATCH:,} rows more")
        row_us = _rows(url, opened[0])
        say(f"reserving and settling {PAIRS:,} times")
        per_s = _pairs(opened)
        say("telling a month, verifying everything")
        statement_s = _statement(opened[0])
        verify_s = _verified()
    return {
        "row_us": row_us,
        "reserve_settle_per_s": per_s,
        "verify_s": verify_s,
        "verified_entries": entries,
        "statement_s": statement_s,
        "took_s": time.perf_counter() - begun,
    }


@contextmanager
def _inside(tenant: Any) -> Iterator[None]:
    from django_tenants.utils import tenant_context

    with tenant_context(tenant):
        yield


def _rows(url: str, tenant: Any) -> float:
    """Microseconds of database time for each row: how long the server itself was at work, commits included."""
    from billing import ledger
    from billing.subscriptions import current_budget

    with _inside(tenant):
        current_budget()
        before = _active_ms(url)
        for _ in range(BATCHES):
            facts = [
                ledger.Fact(
                    "tokens", 100, 5, "bench", uuid4().hex, tokens=ledger.Tokens(60, 20, 20), model="some/model",
                    agent="quality", description="some/model: 80 in, 20 out", details={"decision_id": uuid4().hex},
                )
                for _ in range(BATCH)
            ]  # fmt: skip
            ledger.post_all(facts)
    return (_active_ms(url) - before) / (BATCHES * BATCH) * 1e3


def _active_ms(url: str) -> float:
    """Milliseconds that connections of the database were at work, once all but this one have ended and said so."""
    _close_all()
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with superuser(url) as asking:
        while (asking.execute(others).fetchone() or (1,))[0]:
            time.sleep(0.01)
        row = asking.execute("SELECT active_time FROM pg_stat_database WHERE datname = current_database()")
        return float((row.fetchone() or (0.0,))[0])


def _close_all() -> None:
    """End all connections: a server counts their work when they end, and threads of a pool do not outlive a fork."""
    from django.db import connections

    for alias in connections.all(initialized_only=True):
        alias.close()
        alias.close_pool()  # type: ignore[attr-defined]


def _pairs(opened: list[Any]) -> float:
    from billing.models import Budget
    from billing.subscriptions import current_budget

    for tenant in opened:
        with _inside(tenant):
            current_budget()
            Budget.objects.update(cap_micros=10**12, executions_cap=None)

    _close_all()
    begun = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("fork")) as pool:
        list(pool.map(_reserve_and_settle, opened))
    return PAIRS / (time.perf_counter() - begun)


def _reserve_and_settle(tenant: Any) -> None:
    """One tenant's share, as a worker does it: one statement to reserve, one to settle."""
    from billing import quota

    with _inside(tenant):
        for _ in range(PAIRS // TENANTS):
            reference = uuid4().hex
            quota.reserve(reference, 10)
            quota.settle(reference, 7)


def _statement(tenant: Any) -> float:
    from billing import insight

    with _inside(tenant):
        begun = time.perf_counter()
        insight.usage()
        return time.perf_counter() - begun


def _verified() -> float:
    from billing import verification

    begun = time.perf_counter()
    report = verification.verify()
    if report.differences:
        raise SystemExit(f"The books do not agree: {report.differences[0]}")
    return time.perf_counter() - begun


def main() -> None:
    """Measure and print, as a table or as one JSON object in the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--full", action="store_true", help="verify a million entries")
    options = parser.parse_args()
    result = measure(full=options.full, say=lambda line: print(line, file=sys.stderr, flush=True))
    if options.json:
        print(json.dumps(result))
        return
    for name, aim in AIMS.items():
        print(
            f"{name:22} {result[name]:12,.3f}  <= {aim:<8} {'reached' if result[name] <= aim else 'MISSED'}"
        )
    reached = "reached" if result["reserve_settle_per_s"] >= AIM_PER_S else "MISSED"
    print(f"{'reserve_settle_per_s':22} {result['reserve_settle_per_s']:12,.0f}  >= {AIM_PER_S:<8} {reached}")


if __name__ == "__main__":
    main()
