"""The 95 % intervals of what-if estimates hold the truth in at least 93 % of simulated logs."""

from math import inf

import pytest

from routing.offpolicy.support import refusal
from routing.offpolicy.what_if import estimates
from routing.tests.simulated_logs import Scenario, simulated

LOGS = 200
PROMISED = 0.93
SCENARIOS = {
    "few rows, three models": Scenario(300, 3, 2, "flat", "yes or no", "random"),
    "six models, the best wanted": Scenario(600, 6, 3, "flat", "fractions", "best"),
    "propensities from .02 to .95": Scenario(1000, 6, 4, "skewed", "yes or no", "best"),
    "twelve models": Scenario(3000, 12, 5, "skewed", "fractions", "random"),
    "another sure choice": Scenario(1200, 4, 3, "skewed", "fractions", "sure"),
    "the cheapest wanted": Scenario(600, 5, 3, "skewed", "yes or no", "cheap"),
    "a log that learned as it went": Scenario(400, 4, 3, "thompson", "yes or no", "random"),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_intervals_hold_the_truth(name):
    """Over the logs that can answer, doubly robust, self-normalised and difference intervals keep the promise."""
    held: dict[tuple[str, str], list[bool]] = {}
    seed = answered = 0
    while answered < LOGS:
        log, truths = simulated(SCENARIOS[name], seed=seed)
        seed += 1
        assert seed < 10 * LOGS, "the log is nearly always refused"
        if refusal(log, outcome="judged"):
            continue
        answered += 1
        for outcome, truth in truths.items():
            found = estimates(log, truth.outcomes, most=1.0 if outcome == "value" else inf)
            pairs = {
                "self_normalised": (found.self_normalised, truth.mean),
                "doubly_robust": (found.doubly_robust, truth.mean),
                "difference": (found.difference, truth.difference),
            }
            for kind, (estimate, right) in pairs.items():
                held.setdefault((outcome, kind), []).append(estimate.low <= right <= estimate.high)
    short = {key: share for key, hits in held.items() if (share := sum(hits) / LOGS) < PROMISED}
    assert not short
