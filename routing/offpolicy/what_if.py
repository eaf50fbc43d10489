"""What other rules would have brought: value, cost and latency estimated from the log, or a refusal to guess."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from routing.offpolicy.interval import Z_95, Estimate, estimate, within
from routing.offpolicy.log import Floats, Log, LoggedChoice, known_and, log_of
from routing.offpolicy.scores import scores_of
from routing.offpolicy.support import NoSupport, effective_sample, refusal


@dataclass(frozen=True, slots=True)
class Estimates:
    """Mean outcome of one decision under the rules in question, four times, each with its 95 % interval.

    `doubly_robust` is the one to rely on. `difference` is it minus what the logging rules bring on the same rows
    (paired, so its interval is not the difference of two). `rows` have a known outcome; they tell as much as
    `effective_sample` rows chosen by the rules themselves would.
    """

    ips: Estimate
    self_normalised: Estimate
    doubly_robust: Estimate
    difference: Estimate
    rows: int
    effective_sample: float


@dataclass(frozen=True, slots=True)
class WhatIf:
    """For each outcome its estimates, or why there are none.

    `value` is the mean reward, 0..1; `cost_micros` in millionths of a dollar, `latency_ms` in milliseconds.
    """

    value: Estimates | NoSupport
    cost_micros: Estimates | NoSupport
    latency_ms: Estimates | NoSupport


def what_if(rows: Sequence[LoggedChoice]) -> WhatIf:
    """Estimate what the target rules of these rows would have brought.

    Rows whose outcome is unknown are left out for that outcome alone: which answers are judged must not depend on
    how good they are. Raises ValueError for a log that contradicts itself (see `log_of`).
    """
    log = log_of(rows)
    return WhatIf(
        value=_answer(log, [row.reward for row in rows], outcome="judged", most=1.0),
        cost_micros=_answer(log, [row.cost_micros for row in rows], outcome="priced"),
        latency_ms=_answer(log, [row.latency_ms for row in rows], outcome="timed"),
    )


def estimates(log: Log, outcomes: Floats, *, most: float = inf) -> Estimates:
    """All estimates from n known outcomes of 0..`most`; whether the log supports them is not asked here.

    Of outcomes with a limit, what never occurred may still exist: with n rows worth r, the interval is never
    narrower than z^2 / 2r of the range on either side, twice that if all outcomes are alike (after Wilson).
    """
    found, effective = scores_of(log, outcomes), effective_sample(log.weights)
    floor = Z_95 * most / (2 * effective) if most < inf else 0.0
    # Where both rules choose alike nothing can differ, seen or not.
    apart = float(abs(log.target - log.logging).sum(axis=1).mean()) / 2
    ips, self_normalised, doubly_robust = (
        within(estimate(*each, floor=floor), 0.0, most)
        for each in (found.ips, found.self_normalised, found.doubly_robust)
    )
    return Estimates(
        ips=ips,
        self_normalised=self_normalised,
        doubly_robust=doubly_robust,
        difference=within(estimate(*found.difference, floor=floor * apart), -most, most),
        rows=len(outcomes),
        effective_sample=effective,
    )


def _answer(
    log: Log, values: Sequence[float | None], *, outcome: str, most: float = inf
) -> Estimates | NoSupport:
    known, outcomes = known_and(values)
    usable = log.only(known)
    return refusal(usable, outcome=outcome) or estimates(usable, outcomes, most=most)
