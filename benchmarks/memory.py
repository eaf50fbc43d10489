"""What a recall finds of what it should, and how long it takes, among many tenants in one table.

    python -m benchmarks.memory [--json] [--rows 100000] [--tenants 1000] [--largest 30000] [--queries 40]

One tenant has `--largest` rows, enough for the index; the others share the rest, a few of them much and most of them
little. The truth is the exact order of all of a tenant's rows. `hybrid` is a recall by meaning and by words with its
fusion; `plain` is the bare pgvector query for the ten nearest of the same tenant, in the same run: only the ratio
means anything on a busy machine. It works on a database of its own, which it starts and removes.
"""

import argparse
import json
import sys
from typing import Any

from benchmarks.isolation.database import own_database

AIM = 0.95


def main() -> None:
    """Measure and print, as a table or as one JSON object in the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--tenants", type=int, default=1_000)
    parser.add_argument("--largest", type=int, default=30_000, help="rows of the largest tenant")
    parser.add_argument("--queries", type=int, default=40, help="of each group of tenants")
    options = parser.parse_args()
    with own_database() as url:
        from benchmarks.memories import measuring  # models can be imported only now

        result = measuring.measure(
            url,
            measuring.Shape(options.rows, options.tenants, options.largest),
            queries=options.queries,
            say=lambda line: print(line, file=sys.stderr, flush=True),
        )
    if options.json:
        print(json.dumps(result))
        return
    _print(result)


def _print(result: dict[str, Any]) -> None:
    print(
        f"{'tenants with':16} {'recall@10':>10} {'hybrid@10':>10} {'p50 ms':>8} {'p95 ms':>8} {'/ plain':>8}"
    )
    for name, one in result["groups"].items():
        print(
            f"{name:16} {one['recall_at_10']:10.3f} {one['hybrid_recall_at_10']:10.3f} {one['hybrid_p50_ms']:8.2f}"
            f" {one['hybrid_p95_ms']:8.2f} {one['ratio_to_plain']:8.2f}"
        )
    reached = "reached" if result["recall_at_10"] >= AIM else "MISSED"
    print(f"recall_at_10 {result['recall_at_10']:.3f}  >= {AIM} {reached}")


if __name__ == "__main__":
    main()
