"""Make one finding of a check and its weight."""

from agents.contract import Evidence
from agents.verifiers.weights import Weight


def finding(check: str, *, passed: bool, weight: Weight, detail: str = "") -> Evidence:
    """Return the evidence of a check; the weight is the one of the way it went."""
    return Evidence(check, passed, weight.passed if passed else weight.failed, detail)
