"""Which model answers: one look-up on a scoreboard that was compiled before the question came.

The functions here are pure. `decide` takes the best by the rules; `explore` takes the next prepared draw, so that
a model that has not shown itself yet gets its chance. Both hand out shared, immutable choices.
"""

from typing import NamedTuple

from routing.choice import Choice
from routing.requirement import Requirement
from routing.rules import SEED_RULES, TIE_DIGITS, Rules
from routing.scoreboard import Scoreboard


def decide(scoreboard: Scoreboard, requirement: Requirement) -> Choice:
    """The best model for a requirement. Raises NoCandidate when the constraints leave none."""
    try:
        return scoreboard.best[requirement.key]
    except KeyError:
        return scoreboard.entry(requirement).best


def explore(scoreboard: Scoreboard, requirement: Requirement) -> Choice:
    """The next prepared draw: mostly the best, now and then another. Raises NoCandidate."""
    try:
        return scoreboard.draws[requirement.key]()
    except KeyError:
        return scoreboard.entry(requirement).draw()


class Evaluation(NamedTuple):
    """What a model's record says at this request. `due` at every hundredth; `improved` only when due."""

    due: bool
    rate: float
    improved: bool


def evaluation(
    requests: int, successes: float, *, evaluated: int | None = None, rules: Rules = SEED_RULES
) -> Evaluation:
    """Judge a model by all its requests and successes (which may be fractions).

    `evaluated` is how many requests it had at its last evaluation (0 before the first): where two requests ended at
    once and nobody saw the hundredth, the next one is it. Without it, only exactly every hundredth is.
    """
    before = max(0, requests - 1) if evaluated is None else evaluated
    due = requests // rules.evaluate_after > before // rules.evaluate_after
    rate = successes / requests if requests > 0 else 0.0
    return Evaluation(due=due, rate=rate, improved=due and round(rate, TIE_DIGITS) > rules.improved_rate)
