"""What the watch of an adopted change does, simulated: false alarms, and how soon harm is taken back that begins later.

A day has so many executions, some of them held out, and is looked at once, at its end. `drift` makes the work of each
day harder or easier for both arms. `whole_alone` is what one comparison since the adoption would find, with all of the
error to itself. Nothing here asks a model.
"""

import random
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from agents.sequences import compare
from agents.stretches import ALPHA, HELD_OUT, PARTS, WATCHED

Draw = Callable[[random.Random, float], list[float]]
Day = dict[bool, list[float]]  # scores of executions by whether they asked with the change
DAYS = WATCHED.days
DAILY = (20, 60)
BAD_FROM = (0, 10)
DRIFT = 0.3


def measured(runs: int, executed: Draw) -> dict[str, Any]:
    """Return the figures; `executed` draws the scores of one execution's steps, with a lift."""
    return {
        "held_out": HELD_OUT,
        "days": DAYS,
        "alpha": ALPHA,
        "aa": {str(daily): _watched(runs, executed, daily) for daily in DAILY},
        "aa_with_drift": _watched(runs, executed, DAILY[0], drift=DRIFT),
        "turns_bad": {
            f"{daily} a day, {lift:+} from day {day}": _watched(runs, executed, daily, lift=lift, day=day)
            for daily in DAILY
            for lift in (-0.4, -0.6)
            for day in BAD_FROM
        },
        "turns_bad_whole_alone": _watched(runs, executed, DAILY[1], lift=-0.6, day=BAD_FROM[1], cuts=(1,)),
    }


def _watched(
    runs: int, executed: Draw, daily: int, *, lift: float = 0.0, day: int = 0, drift: float = 0.0,
    cuts: Sequence[int] = PARTS,
) -> dict[str, float]:  # fmt: skip
    rng, took = random.Random(f"{daily} {lift} {day} {drift} {cuts}"), []
    for _ in range(runs):
        days: list[Day] = []
        for number in range(DAYS):
            both = rng.uniform(-drift, drift)
            days.append(_day(rng, executed, daily, both, lift if number >= day else 0.0))
            if _is_worse(days, cuts):
                took.append(number + 1 - day)
                break
    return {
        "reverted": len(took) / runs,
        "too_early": sum(one <= 0 for one in took) / runs,
        "median_days": statistics.median(took) if took else 0,
    }


def _day(rng: random.Random, executed: Draw, daily: int, both: float, lift: float) -> Day:
    made: Day = {True: [], False: []}
    for _ in range(daily):
        asks_with_it = rng.random() >= HELD_OUT
        made[asks_with_it].append(statistics.fmean(executed(rng, both + lift * asks_with_it)))
    return made


def _is_worse(days: Sequence[Day], cuts: Sequence[int]) -> bool:
    """Look as the product does, over the stretch of each cut in which the last day lies."""
    for parts in cuts:
        lasts = DAYS // parts
        seen = days[(len(days) - 1) // lasts * lasts :]
        old, new = ([score for one in seen for score in one[arm]] for arm in (False, True))
        if compare(old, new, alpha=ALPHA / len(cuts) / parts).worse:
            return True
    return False
