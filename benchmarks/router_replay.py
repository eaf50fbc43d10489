"""Whether thousands of decisions come out again bit for bit, and how long that takes.

    python -m benchmarks.router_replay [--decisions 5000] [--json]

Two tenants, one with tables of its own, live through days with every kind of change: verdicts by checks, judge and
people, a model that falls, weights and exploration that are changed and taken back, providers that come and go. It
works on a database of its own, which it starts and removes. Exit code 1 where a decision comes out otherwise.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.isolation.database import own_database

DECISIONS = 5_000
SLUGS = ("pooled", "siloed")
CHANGES = 7  # parts of a life that are as long as asked for


@dataclass(frozen=True)
class Lived:
    """One tenant's days, and what came out again."""

    slug: str
    decisions: int
    exact: int
    different: int
    not_kept: int
    versions: int
    lived_s: float
    replayed_s: float


def measure(decisions: int, *, say: Callable[[str], None]) -> list[Lived]:
    """Let each tenant live and make all its decisions again."""
    say("starting a database")
    with own_database():
        # Models can be imported only now.
        from django_tenants.utils import tenant_context

        from tenants.models import Tenant
        from tenants.moving.move import silo
        from tenants.provisioning import open_tenant

        for slug in SLUGS:
            open_tenant(slug, name=slug.title(), owner_email=f"{slug}@miosa.example")
        silo(SLUGS[-1], wait_s=30.0, say=lambda _line: None)
        found = []
        for seed, slug in enumerate(SLUGS):
            say(f"living the days of the {slug} tenant")
            with tenant_context(_entered(Tenant, slug)):
                found.append(_lived(slug, seed, decisions // len(SLUGS)))
        return found


def _entered(tenants: Any, slug: str) -> Any:
    from miosa.pg.platform import platform

    with platform():
        return tenants.objects.get(slug=slug)


def _lived(slug: str, seed: int, decisions: int) -> Lived:
    from routing import board
    from routing.models import Knowledge
    from routing.replay import replayed
    from routing.tests.simulated_days import BAD_TIMES, GOOD_TIMES, Days, life

    begun = time.perf_counter()
    life(Days(seed), max(1, -(-(decisions - GOOD_TIMES - BAD_TIMES) // CHANGES)))
    lived = time.perf_counter()
    board.forget_all()
    told = replayed(datetime.now(UTC) - timedelta(days=1))
    return Lived(
        slug=slug,
        decisions=told.total,
        exact=told.exact,
        different=len(told.different),
        not_kept=len(told.not_kept),
        versions=Knowledge.objects.count(),
        lived_s=round(lived - begun, 1),
        replayed_s=round(time.perf_counter() - lived, 1),
    )


def main() -> None:
    """Measure and print, as a table or as one JSON object in the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=DECISIONS, help="of both tenants together")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    say: Callable[[str], None] = (lambda _: None) if given.json else print
    found = measure(given.decisions, say=say)
    decisions, exact = sum(one.decisions for one in found), sum(one.exact for one in found)
    if given.json:
        tenants = [vars(one) for one in found]
        print(json.dumps({"decisions": decisions, "exact": exact, "tenants": tenants}))
    else:
        print(
            f"{'tenant':<8} {'decisions':>9} {'exact':>7} {'different':>9} {'versions':>8} {'lived s':>8} {'replay s':>8}"
        )
        for one in found:
            print(
                f"{one.slug:<8} {one.decisions:>9,} {one.exact:>7,} {one.different:>9,} {one.versions:>8,}"
                f" {one.lived_s:>8.1f} {one.replayed_s:>8.1f}"
            )
        print(f"{exact:,} of {decisions:,} decisions came out bit for bit")
    sys.exit(int(exact != decisions))


if __name__ == "__main__":
    main()
