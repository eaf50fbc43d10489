"""What the walls between tenants cost, and how much a tenant's memory finds: side by side, in one run.

    python -m benchmarks.tenant_isolation [--json] [--full]

It works on a database of its own, which it starts and removes. On a busy machine only the ratios mean anything.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.isolation.database import own_database

ROUNDS, ROUNDS_FULL = 160, 800
SILOS, SILOS_FULL = 3, 10
QUERIES, QUERIES_FULL = 30, 200


@dataclass(frozen=True)
class Aim:
    """What a result should be at most, or at least."""

    name: str
    bound: float
    at_least: bool = False

    def reached(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound


AIMS = (
    Aim("read_ratio", 1.10),
    Aim("list_ratio", 1.10),
    Aim("insert_ratio", 1.30),
    Aim("pooled_create_ms", 20),
    Aim("silo_create_ms", 2_000),
    Aim("recall_ratio", 0.95, at_least=True),
)


def measure(*, full: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Everything, in one run."""
    begun = time.perf_counter()
    say("starting a database")
    with own_database() as url:
        # Models can be imported only now.
        from benchmarks.isolation import creation, vectors, walls

        say("opening tenants")
        opened = creation.measure(silos=SILOS_FULL if full else SILOS)
        say("reading and writing behind the walls and without them")
        sides = walls.measure(url, rounds=ROUNDS_FULL if full else ROUNDS)
        say(f"remembering {vectors.ROWS:,} things")
        recalled = vectors.measure(url, say=say, queries=QUERIES_FULL if full else QUERIES)
    return {
        "read_ratio": sides["read"]["ratio"],
        "list_ratio": sides["list"]["ratio"],
        "insert_ratio": max(sides["insert"]["ratio"], sides["insert_batch"]["ratio"]),
        # The least of what a tenant's memory found of what the exact order holds.
        "recall_ratio": min(recalled["recall"].values()),
        **opened,
        **recalled,
        "operations": {name: _told(side) for name, side in sides.items()},
        "took_s": time.perf_counter() - begun,
    }


def _told(side: dict[str, float]) -> dict[str, float]:
    per_s = {f"{name}_per_s": 1_000_000 / side[f"{name}_us"] for name in ("walled", "plain")}
    return {**side, **per_s}


def main() -> None:
    """Measure and print, as a table or as one JSON object in the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--full", action="store_true", help="more rounds, for steadier numbers")
    options = parser.parse_args()
    result = measure(full=options.full, say=lambda line: print(line, file=sys.stderr, flush=True))
    if options.json:
        print(json.dumps(result))
        return
    print(f"{'operation':14} {'walled us':>12} {'plain us':>12} {'ratio':>7}")
    for name, side in result["operations"].items():
        print(f"{name:14} {side['walled_us']:12,.1f} {side['plain_us']:12,.1f} {side['ratio']:7.3f}")
    print(f"{'memories':14} {'recall@10':>12} {'median ms':>12}")
    for size, share in result["recall"].items():
        print(f"{int(size):14,} {share:12.3f} {result['recall_ms'][size]:12.2f}")
    for size, found in result["between"].items():
        print(f"{int(size):14,} {found['recall']:12.3f} {found['ms']:12.2f}")
    for name in ("pooled_create_ms", "silo_create_ms", "password_hash_ms", "index_build_s", "took_s"):
        print(f"{name:18} {result[name]:10,.1f}")
    for aim in AIMS:
        reached = "reached" if aim.reached(result[aim.name]) else "MISSED"
        print(
            f"{aim.name:18} {result[aim.name]:10.3f}  {'>=' if aim.at_least else '<='} {aim.bound:<6} {reached}"
        )


if __name__ == "__main__":
    main()
