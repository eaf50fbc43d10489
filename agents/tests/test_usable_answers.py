"""Where a strong model's answer cannot be used, rules do the work, and whoever follows it reads why."""

import pytest

from agents.contract import Handover, Task
from agents.roster import analysis, architect, integration, strategy
from agents.tests.bench import Bench, away
from agents.tests.test_strategy import LAUNCH

FAULTS = {
    "no JSON": ("Well, let me think.", "the answer is not one JSON object"),
    "another form": ('{"nothing": 1}', "is a required property"),
    "nobody": (away, "no provider left"),
}


def analysed():
    made = analysis.execute(Task("1", LAUNCH, LAUNCH), Bench(away))
    return (Handover("analysis", "analysis", "", made.output, made.data),)


@pytest.mark.parametrize(("script", "fault"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize(
    ("execute", "question", "request_"),
    [
        (analysis.execute, "requirements", LAUNCH),
        (strategy.execute, "phases", LAUNCH),
        (architect.execute, "design", LAUNCH),
        (integration.execute, "call", "Connect to the service of our bank"),
    ],
)
def test_why_it_was_not_used_is_told(execute, question, request_, script, fault):
    """In one sentence of the execution's story; the result claims no model."""
    bench = Bench(script, strong=True)
    handed = () if execute is analysis.execute else analysed()
    result = execute(Task("1", request_, request_, handovers=handed), bench)
    told = next(note for note in bench.notes if f"{question!r}" in note)
    assert fault in told
    assert "the work goes on without it" in told
    assert "model" not in str(result.data.get("method", ""))
