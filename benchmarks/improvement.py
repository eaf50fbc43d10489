"""How often improvement errs, and how much it finds: replays that decide, and rollouts that end, simulated.

    python -m benchmarks.improvement --json
    python -m benchmarks.improvement --aa-real 200 --json     # A/A proposals on the real path instead

An A/A proposal changes nothing: both arms draw from the same distribution. Scores are made as agents make them: checks
with their weights, passed or failed by lot, joined to 0 to 1. `replay.aa` has up to three looks, as the product has;
`ties` is the share of pairs in which both arms say the same. `power` is the share accepted where the new arm passes the
heavy check more often. `peeking` is what an ordinary t test at each look would accept instead. `judges` are A/A with a judge:
one who decides by lot, one who mostly likes what is shown first, one whose mood of the day favours a style that either
arm may have in any pair, and few pairs. A rollout is looked at again and again; its executions have one to
five steps that are as hard as each other, and count once each. `counting_steps` is what the same bounds do where each
step counts, as a warning. `watch` is what follows an adoption (`benchmarks/improving/watched.py`). Nothing of this asks a model.

With --aa-real so many proposals that change nothing go the product's own way, on a database that is started for it and
removed: stored steps, replays of both arms over a socket, a judge (`benchmarks/improving/real.py`).
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from agents.confidence import by_checks
from agents.contract import Evidence
from agents.looks import ALPHA, LEAST_PAIRS, MOST_LOOKS, Says, joined, look_at
from agents.sequences import compare
from benchmarks.improving import watched
from benchmarks.isolation.database import own_database, superuser

PROMISED = 0.05  # at most, of what changes nothing
RUNS = 200
PAIRS = 12  # at each look
T_95 = 1.65  # one-sided, roughly
ROLLED = 1_000  # executions of a rollout
SHARE = 0.25
LOOK_AT = 10  # executions between two looks, later a tenth of those so far
FIRST_LIKED = 0.8
OTHER = {"old": "new", "new": "old"}
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


Judge = Callable[[random.Random, float], str]  # the mood of the day, 0 to 1; "old", "new" or "tie"


def by_lot(rng: random.Random, mood: float) -> str:
    """Say anything."""
    del mood
    return rng.choice(["old", "new", "tie"])


def by_place(rng: random.Random, mood: float) -> str:
    """Like what is shown first in four of five pairs; which arm that is, is drawn for each pair."""
    del mood
    first = rng.choice(["old", "new"])
    return first if rng.random() < FIRST_LIKED else OTHER[first]


def by_mood(rng: random.Random, mood: float) -> str:
    """Like one style all day; each answer of either arm has it with the same chance."""
    styles = {arm: rng.choice([True, False]) for arm in ("old", "new")}
    if styles["old"] == styles["new"]:
        return "tie"
    liked = "old" if styles["old"] else "new"
    return liked if rng.random() < 0.5 + mood / 2 else OTHER[liked]


def accepted_when_judged(judge: Judge, runs: int, *, count: int, seed: str) -> float:
    """Return the share of A/A proposals that are accepted where a judge's word is half of each difference."""
    rng, taken = random.Random(seed), 0
    for _ in range(runs):
        differences: list[float] = []
        for number in range(1, MOST_LOOKS + 1):
            mood = rng.random()
            made = pairs(rng, count, lift=0.0, ties=0.3)
            differences += [joined(one, judge(rng, mood)) for one in made]
            said = ours(differences, number)
            if said is not None:
                taken += said
                break
    return taken / runs


def executed(rng: random.Random, lift: float) -> list[float]:
    """Return the scores of one execution's steps: it is hard or easy as a whole."""
    hard = rng.choice([rng.uniform(0.2, 0.8), 0.05, 0.95])
    return [drawn(rng, min(1.0, max(0.0, hard + lift))) for _ in range(rng.randint(1, 5))]


def rolled_out(runs: int, *, lift: float, each_step: bool = False) -> dict[str, float]:
    """Return the shares of rollouts that were taken back and adopted, and the executions it took."""
    rng, ends, lengths = random.Random(f"rollout {lift}"), {"reverted": 0, "adopted": 0}, []
    for _ in range(runs):
        arms: dict[bool, list[float]] = {True: [], False: []}
        for number in range(1, ROLLED + 1):
            in_new = rng.random() < SHARE
            scores = executed(rng, lift * in_new)
            arms[in_new] += scores if each_step else [statistics.fmean(scores)]
            if number % max(LOOK_AT, number // 10):
                continue
            found = compare(arms[False], arms[True], alpha=PROMISED)
            if found.worse or found.better:
                ends["reverted" if found.worse else "adopted"] += 1
                lengths.append(number)
                break
    shares = {name: count / runs for name, count in ends.items()}
    lengths.sort()
    return {
        **shares,
        "median_executions": statistics.median(lengths) if lengths else 0,
        "nine_of_ten_within": lengths[int(0.9 * (len(lengths) - 1))] if lengths else 0,
    }


def replayed(runs: int) -> dict[str, Any]:
    """Return how often a replay accepts what changes nothing, helps and harms."""
    aa = {str(ties): accepted(ours, runs, lift=0.0, ties=ties, seed=f"aa {ties}") for ties in (0.0, 0.3, 0.8)}
    return {
        "aa_accepted_by_ties": aa,
        "aa_accepted": max(aa.values()),
        "aa_accepted_by_peeking": accepted(peeking, runs, lift=0.0, ties=0.0, seed="aa 0.0"),
        "judges": {
            f"{one.__name__}, {count} pairs": accepted_when_judged(one, runs, count=count, seed=one.__name__)
            for one in (by_lot, by_place, by_mood)
            for count in (LEAST_PAIRS, PAIRS)
        },
        "power": {str(lift): found(lift, runs) for lift in (0.2, 0.4, 0.6)},
        "harm_accepted": accepted(ours, runs, lift=-0.2, ties=0.0, seed="harm"),
    }


def found(lift: float, runs: int) -> dict[str, float]:
    """Return what a lift comes to in scores, and how often it is accepted."""
    effect = pairs(random.Random(f"effect {lift}"), 5_000, lift=lift, ties=0.0)
    return {
        "mean_difference": round(statistics.fmean(effect), 3),
        "accepted": accepted(ours, runs, lift=lift, ties=0.0, seed=f"power {lift}"),
    }


def measured(runs: int) -> dict[str, Any]:
    """Return every figure."""
    return {
        "runs": runs,
        "alpha": ALPHA,
        "looks": MOST_LOOKS,
        "pairs_a_look": PAIRS,
        "replay": replayed(runs),
        "rollout": {
            "share": SHARE,
            "most_executions": ROLLED,
            "aa": rolled_out(runs, lift=0.0),
            "aa_counting_steps": rolled_out(runs, lift=0.0, each_step=True),
            "harm": {str(lift): rolled_out(runs, lift=lift) for lift in (-0.2, -0.4, -0.6)},
            "help": {str(lift): rolled_out(runs, lift=lift) for lift in (0.4, 0.6)},
        },
        "watch": watched.measured(runs, executed),
    }


def simulated(runs: int) -> dict[str, Any]:
    """Return every figure, and whether no more is accepted or taken back without a cause than promised."""
    found = measured(runs)
    accepted = max(found["replay"]["aa_accepted"], *found["replay"]["judges"].values())
    watch = found["watch"]
    reverted = max(one["reverted"] for one in (*watch["aa"].values(), watch["aa_with_drift"]))
    return found | {"held": accepted <= PROMISED and reverted <= watch["alpha"]}


def real(proposed: int) -> dict[str, Any]:
    """Return what became of A/A proposals on the real path."""
    with own_database() as url:
        with superuser(url) as owner:
            owner.execute("ALTER ROLE ALL SET synchronous_commit = off")  # the disk is not what is measured
        from benchmarks.improving.real import measured as proven  # models can be imported only now

        found = proven(proposed, lambda line: print(line, file=sys.stderr, flush=True))
    return found | {"held": found["accepted"] <= PROMISED}


def main() -> None:
    """Print the figures; one JSON object on the last line with --json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument(
        "--aa-real", type=int, metavar="N", help="A/A proposals on the real path, and nothing else"
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    began = time.perf_counter()
    found = real(asked.aa_real) if asked.aa_real else simulated(asked.runs)
    found["seconds"] = round(time.perf_counter() - began, 1)
    print(json.dumps(found) if asked.json else json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
