"""Whether the log can answer at all: a question it cannot answer gets a refusal that says why and what would help."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from routing.offpolicy.log import Floats, Log

MOST_UNSUPPORTED = 0.02  # share of the target's choices that the log could never have made
LEAST_ROWS = 100  # rows whose outcome is known
LEAST_EFFECTIVE = 50.0  # rows that the weighted ones are worth: (sum of w)^2 / sum of w^2
LEAST_OF_MODEL = 30  # rows chosen from a model that would get at least NOTABLE of the choices
NOTABLE = 0.05
HEAVY_ROWS = 5
MOST_ON_HEAVY = 0.25  # share of all weight on the HEAVY_ROWS heaviest rows
MOST_IMBALANCE = 4.0  # standard errors by which the mean weight may miss the share that is supported
LEAST_IMBALANCE = 0.10  # and by how much at least, for the miss to matter


@dataclass(frozen=True, slots=True)
class NoSupport:
    """Why nothing is estimated, for people; with the two shares that say how far off the log is."""

    reason: str
    share_unsupported: float
    effective_sample: float


def unsupported_share(log: Log) -> float:
    """The mean share of the target's chances, 0..1, on models that the log could not have chosen."""
    return float((log.target * (log.logging <= 0)).sum(axis=1).mean()) if len(log.chosen) else 0.0


def effective_sample(weights: Floats) -> float:
    """How many equally weighted rows tell as much: 0..n (Kish 1965)."""
    squares = float(weights @ weights)
    return float(weights.sum() ** 2 / squares) if squares > 0 else 0.0


def refusal(log: Log, *, outcome: str) -> NoSupport | None:
    """Why the rows of this log cannot answer for an outcome ("judged", "priced", "timed"); None if they can.

    `log` holds only the rows whose outcome is known.
    """
    unsupported, weights = unsupported_share(log), log.weights
    effective = effective_sample(weights)
    reason = _too_few(len(weights), outcome) or (
        _impossible(log, unsupported)
        or _rare_model(log)
        or _uneven(weights, effective)
        or _unbalanced(weights, unsupported)
    )
    return NoSupport(reason, unsupported, effective) if reason else None


def _too_few(rows: int, outcome: str) -> str:
    if rows >= LEAST_ROWS:
        return ""
    return (
        f"Only {rows} {outcome} decisions lie in the window and {LEAST_ROWS} are needed: "
        "choose a longer window, or have more answers judged."
    )


def _impossible(log: Log, unsupported: float) -> str:
    if unsupported <= MOST_UNSUPPORTED:
        return ""
    missing = (log.target * (log.logging <= 0)).mean(axis=0)
    model = log.models[int(missing.argmax())]
    return (
        f"{unsupported:.1%} of the choices would go to models that the router could not have chosen at the time, "
        f"most of them to {model}; at most {MOST_UNSUPPORTED:.0%} can be answered for: "
        "let the router explore these models first."
    )


def _rare_model(log: Log) -> str:
    wanted, chosen = log.target.mean(axis=0), np.bincount(log.chosen, minlength=len(log.models))
    rare = np.where((chosen < LEAST_OF_MODEL) & (wanted >= NOTABLE), wanted, 0.0)
    model = int(rare.argmax())
    if not rare[model] > 0:
        return ""
    return (
        f"{log.models[model]} would be chosen for {wanted[model]:.0%} of the requests and has answered only "
        f"{chosen[model]} of them; {LEAST_OF_MODEL} are needed: let the router explore it, or choose a longer window."
    )


def _uneven(weights: Floats, effective: float) -> str:
    if effective < LEAST_EFFECTIVE:
        return (
            f"The {len(weights)} decisions tell as much as {effective:.0f} would under these rules and "
            f"{LEAST_EFFECTIVE:.0f} are needed, since few of them are choices the rules would make: "
            "explore more, or choose a longer window."
        )
    heaviest = float(np.sort(weights)[-HEAVY_ROWS:].sum() / weights.sum())
    if heaviest > MOST_ON_HEAVY:
        return (
            f"{heaviest:.0%} of the answer would hang on {HEAVY_ROWS} decisions out of {len(weights)}, and at most "
            f"{MOST_ON_HEAVY:.0%} may: explore more, or choose a longer window."
        )
    return ""


def _unbalanced(weights: Floats, unsupported: float) -> str:
    miss = float(weights.mean()) - (1 - unsupported)
    error = float(weights.std(ddof=1)) / sqrt(len(weights))
    if abs(miss) <= max(MOST_IMBALANCE * error, LEAST_IMBALANCE):
        return ""
    return (
        f"The weights of the log average {weights.mean():.2f} and should {1 - unsupported:.2f}: its propensities do "
        "not fit its choices, or choices the rules would make were never seen: explore more before asking."
    )
