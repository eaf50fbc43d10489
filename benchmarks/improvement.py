"""How often improvement errs, and how much it finds: replays that decide, and rollouts that end, simulated.

    PYTHONPATH=. python -m benchmarks.improvement --json

An A/A proposal changes nothing: both arms draw from the same distribution. Scores are made as agents make them: checks
with their weights, passed or failed by lot, joined to 0 to 1. `replay.aa` has up to three looks, as the product has;
`ties` is the share of pairs in which both arms say the same. `power` is the share accepted where the new arm passes the
heavy check more often. `peeking` is what an ordinary t test at each look would accept instead. A rollout is looked at
after every tenth step. Nothing here asks a model.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from agents.confidence import by_checks
from agents.contract import Evidence
from agents.looks import ALPHA, MOST_LOOKS, Says, look_at
from agents.sequences import compare

RUNS = 200
PAIRS = 12  # at each look
T_95 = 1.65  # one-sided, roughly
ROLLED = 400  # steps of a rollout
SHARE = 0.25
LIGHT, MIDDLE, HEAVY = 0.3, 0.8, 2.0  # weights of checks, as texts have them


def drawn(rng: random.Random, heavy: float) -> float:
    """Return the score of one result that passes the heavy check with this chance."""
    checks = ((LIGHT, 0.9), (MIDDLE, 0.7), (HEAVY, heavy))
    found = (Evidence("check", rng.random() < chance, weight) for weight, chance in checks)
    return by_checks(tuple(found))


def pairs(rng: random.Random, count: int, *, lift: float, ties: float) -> list[float]:
    """Return differences new - old on tasks of different hardness; `lift` is added to the heavy check's chance."""
    found = []
    for _ in range(count):
        chance = rng.uniform(0.2, 0.8)
        old, new = drawn(rng, chance), drawn(rng, min(1.0, chance + lift))
        found.append(0.0 if rng.random() < ties else new - old)
    return found


def ours(differences: list[float], number: int) -> bool | None:
    """Accept, reject, or None: look again."""
    says = look_at(differences, number=number).says
    return None if says == Says.AGAIN else says == Says.ACCEPT


def peeking(differences: list[float], number: int) -> bool | None:
    """Accept as soon as a t test at 5 % says so."""
    error = statistics.stdev(differences) / len(differences) ** 0.5
    if error and statistics.fmean(differences) / error > T_95:
        return True
    return False if number == MOST_LOOKS else None


Rule = Callable[[list[float], int], bool | None]


def accepted(rule: Rule, runs: int, *, lift: float, ties: float, seed: str) -> float:
    """Return the share of proposals that a rule accepts over all its looks."""
    rng, taken = random.Random(seed), 0
    for _ in range(runs):
        differences: list[float] = []
        for number in range(1, MOST_LOOKS + 1):
            differences += pairs(rng, PAIRS, lift=lift, ties=ties)
            said = rule(differences, number)
            if said is not None:
                taken += said
                break
    return taken / runs


def rolled_out(runs: int, *, lift: float) -> dict[str, float]:
    """Return the shares of rollouts that were taken back and adopted, and the steps it took at the median."""
    rng, ends, lengths = random.Random(f"rollout {lift}"), {"reverted": 0, "adopted": 0}, []
    for _ in range(runs):
        old: list[float] = []
        new: list[float] = []
        for step in range(1, ROLLED + 1):
            in_new = rng.random() < SHARE
            chance = rng.uniform(0.2, 0.8)
            (new if in_new else old).append(drawn(rng, min(1.0, max(0.0, chance + lift * in_new))))
            if step % 10:
                continue
            found = compare(old, new, alpha=ALPHA)
            if found.worse or found.better:
                ends["reverted" if found.worse else "adopted"] += 1
                lengths.append(step)
                break
    median = statistics.median(lengths) if lengths else None
    return {**{name: count / runs for name, count in ends.items()}, "median_steps": median or 0}


def measured(runs: int) -> dict[str, Any]:
    """Return every figure."""
    aa = {str(ties): accepted(ours, runs, lift=0.0, ties=ties, seed=f"aa {ties}") for ties in (0.0, 0.3, 0.8)}
    lifts = (0.2, 0.4, 0.6)
    return {
        "runs": runs,
        "alpha": ALPHA,
        "looks": MOST_LOOKS,
        "pairs_a_look": PAIRS,
        "replay": {
            "aa_accepted_by_ties": aa,
            "aa_accepted": max(aa.values()),
            "aa_accepted_by_peeking": accepted(peeking, runs, lift=0.0, ties=0.0, seed="aa 0.0"),
            "power": {
                str(lift): {
                    "mean_difference": round(
                        statistics.fmean(pairs(random.Random(f"effect {lift}"), 5_000, lift=lift, ties=0.0)),
                        3,
                    ),
                    "accepted": accepted(ours, runs, lift=lift, ties=0.0, seed=f"power {lift}"),
                }
                for lift in lifts
            },
            "harm_accepted": accepted(ours, runs, lift=-0.2, ties=0.0, seed="harm"),
        },
        "rollout": {
            "share": SHARE,
            "most_steps": ROLLED,
            "aa": rolled_out(runs, lift=0.0),
            "harm": rolled_out(runs, lift=-0.6),
            "help": rolled_out(runs, lift=0.6),
        },
    }


def main() -> None:
    """Print the figures; one JSON object on the last line with --json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    began = time.perf_counter()
    found = measured(asked.runs) | {"seconds": round(time.perf_counter() - began, 1)}
    found["held"] = found["replay"]["aa_accepted"] <= ALPHA
    print(json.dumps(found) if asked.json else json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
