"""Exploration from prepared draws: exact propensities, the same after a restart, off when told so."""

from collections import Counter

import numpy as np
import pytest

from routing.choice import Choice
from routing.posterior import Posterior
from routing.requirement import Requirement
from routing.router import decide, explore
from routing.rules import Rules
from routing.scoreboard import Scoreboard
from routing.snapshot import Snapshot, Tally
from routing.tests.boards import BOTH, EIGHT_B, ORIGINAL, SEVENTY_B, catalog_of, model
from routing.thompson import PLAIN_EVERY, Arm, drawn_rates, winners

CHAT = Requirement("chat")


def _round(board: Scoreboard, requirement: Requirement = CHAT, draws: int = 256) -> list[Choice]:
    return [explore(board, requirement) for _ in range(draws)]


def test_the_propensity_is_the_share_of_the_draws():
    """In one round of 256 draws each model comes exactly as often as its choices' propensity says."""
    choices = _round(Scoreboard(ORIGINAL, providers=BOTH))
    counts = Counter(choice.model for choice in choices)
    assert len(counts) > 1
    assert {choice.model: choice.propensity for choice in choices} == {m: n / 256 for m, n in counts.items()}


def test_an_explored_choice_says_so_and_falls_back_to_the_best():
    """A choice that is not the best is marked, stands first in its order and tells the reason."""
    board = Scoreboard(ORIGINAL, providers=BOTH)
    best = decide(board, CHAT)
    tried = next(choice for choice in _round(board) if choice.model != best.model)
    assert tried.explored
    assert tried.order[:2] == (tried.model, best.model)
    assert tried.why.startswith(f"{tried.model} is tried to learn more of it")
    assert tried.model in {row.model for row in tried.ranked}


def test_a_restart_draws_the_same():
    """Two boards of the same knowledge give the same 300 choices in the same order."""
    first, second = (Scoreboard(ORIGINAL, providers=BOTH) for _ in range(2))
    assert _round(first, draws=300) == _round(second, draws=300)


def test_another_seed_draws_anew():
    """A new seed changes draws and version, never the best choice's numbers."""
    first = Scoreboard(ORIGINAL, providers=BOTH)
    second = Scoreboard(ORIGINAL, providers=BOTH, rules=Rules(seed=1))
    assert [c.model for c in _round(first)] != [c.model for c in _round(second)]
    assert first.version != second.version
    assert decide(first, CHAT).ranked == decide(second, CHAT).ranked


def test_with_no_draws_nothing_is_explored():
    """Switched off, every choice is the best one with propensity 1."""
    board = Scoreboard(ORIGINAL, providers=BOTH, rules=Rules(draws=0))
    assert set(map(id, _round(board))) == {id(decide(board, CHAT))}
    assert decide(board, CHAT).propensity == 1.0


def test_knowledge_ends_exploration():
    """After 10,000 outcomes each, the better of two equal models is drawn always; after none, both are."""
    pair = catalog_of(model("good"), model("bad"))
    known = Snapshot({("chat", "good"): Tally(10_000, 7_000), ("chat", "bad"): Tally(10_000, 3_000)})
    assert {c.model for c in _round(Scoreboard(pair, known, providers=BOTH))} == {"good"}
    assert {c.model for c in _round(Scoreboard(pair, providers=BOTH))} == {"good", "bad"}


def test_exploration_stays_inside_the_constraints():
    """A model removed by a limit is in no draw, however little is known of it."""
    choices = _round(Scoreboard(ORIGINAL, providers={"groq"}))
    assert {choice.model for choice in choices} == {EIGHT_B.id, SEVENTY_B.id}


def test_what_is_little_known_is_drawn_above_what_is_believed():
    """Of two models believed to be right as often, the one with fewer outcomes wins nearly all draws but the plain."""
    rates = drawn_rates([Posterior(60, 40), Posterior(3, 2)], draws=256, sharpness=3.0, seed="any")
    ahead = int((rates[:, 1] > rates[:, 0]).sum())
    assert 256 - 256 // PLAIN_EVERY <= ahead < 256
    assert np.median(rates[:, 1]) > 0.75


def test_plain_draws_are_so_many_and_lie_around_the_belief():
    """With every draw plain the rates vary around the mean, the less the sharper they are."""
    belief = [Posterior(70, 30)]
    wide, narrow = (
        drawn_rates(belief, draws=4_096, sharpness=sharpness, seed="any", plain_every=1)
        for sharpness in (1.0, 9.0)
    )
    assert wide.mean() == pytest.approx(0.7, abs=0.01)
    assert wide.std() == pytest.approx((0.7 * 0.3 / 101) ** 0.5, rel=0.1)
    assert narrow.std() == pytest.approx(wide.std() / 3, rel=0.1)


@pytest.mark.parametrize("most", [0.0, 0.1, 0.5, 1.0])
def test_the_share_of_explored_draws_is_bounded(most):
    """Where nearly all draws would explore, the bound holds exactly, and what is kept is spread over the round."""
    arms = [Arm(0, bonus=1.0, fixed=0.0, weight=1.0), Arm(1, bonus=1.0, fixed=0.0, weight=1.0)]
    rates = drawn_rates([Posterior(60, 40), Posterior(3, 2)], draws=256, sharpness=3.0, seed="any")
    free, bounded = winners(arms, rates), winners(arms, rates, most_explored=most)
    explored = [place for place, won in enumerate(bounded) if won]
    assert len(explored) == min(sum(map(bool, free)), int(most * 256))
    assert all(free[place] for place in explored)
    halves = Counter(place < 128 for place in explored)
    assert abs(halves[True] - halves[False]) <= 10
