"""The watch of an adopted change: its stretches share one error, and together they err as seldom as they say."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from agents.sequences import compare
from agents.stretches import ALPHA, HELD_OUT, PARTS, WATCHED, stretches

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
RUNS, DAILY = 200, 15


def test_the_stretches_share_the_error():
    """All of them together spend what the watch may, and each cut covers it without a gap."""
    moments = [BEGAN + timedelta(hours=number) for number in range(WATCHED.days * 24)]
    seen = {one for moment in moments for one in stretches(BEGAN, moment)}
    assert len(seen) == sum(PARTS)
    assert sum(one.alpha for one in seen) == pytest.approx(ALPHA)
    for parts in PARTS:
        cut = sorted(one.since for one in seen if one.lasts == WATCHED / parts)
        assert cut[0] == BEGAN
        assert all(after - before == WATCHED / parts for before, after in pairwise(cut))


def test_after_the_end_the_last_ones_stay():
    """Whoever looks late looks at what there was."""
    assert stretches(BEGAN, BEGAN + 2 * WATCHED) == stretches(BEGAN, BEGAN + WATCHED - timedelta(hours=1))


@pytest.mark.parametrize("drift", [0.0, 0.4])
def test_what_stays_good_is_hardly_ever_taken_back(drift):
    """At most 5 % of 200 watches, each looked at every day; also where the work of some days is harder for both."""
    rng = random.Random(f"watch {drift}")
    assert sum(taken_back(rng, drift=drift) is not None for _ in range(RUNS)) <= ALPHA * RUNS


def test_what_turns_bad_is_taken_back_soon():
    """From the eighth day on it passes in 90 points of 100 less, with 15 executions a day."""
    rng = random.Random("bad")
    days = [taken_back(rng, bad_from=7) for _ in range(20)]
    assert all(day is not None and 7 < day < 21 for day in days)


def taken_back(rng, *, drift=0.0, bad_from=WATCHED.days):
    """Return the day after which a change is taken back, None where it is kept: scores are 0 or 1, as far apart as they can be."""
    days = []
    for number in range(WATCHED.days):
        chance = 0.95 - rng.uniform(0, drift)
        made = {True: [], False: []}
        for _ in range(DAILY):
            asks_with_it = rng.random() >= HELD_OUT
            worse = 0.9 if asks_with_it and number >= bad_from else 0.0
            made[asks_with_it].append(float(rng.random() < chance - worse))
        days.append(made)
        now = BEGAN + timedelta(days=number, hours=23)
        for stretch in stretches(BEGAN, now):
            since = days[(stretch.since - BEGAN).days :]
            old, new = ([score for day in since for score in day[arm]] for arm in (False, True))
            if compare(old, new, alpha=stretch.alpha).worse:
                return number + 1
    return None
