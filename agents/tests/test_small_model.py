"""The real small model on a real task: what it can do is used, what it cannot is found out."""

from typing import Any

import pytest

from agents.conclusion import conclude
from agents.contract import Handover, Task
from agents.planning import plan
from agents.roster import ROSTER
from agents.tests.trials.live_bench import LiveBench

BEES = (
    "Bees visit flowers to gather nectar and pollen. While they feed, pollen sticks to their hair and is carried to the next"
    " flower, which can then make seeds. About a third of the food that people eat depends on this work. In the past decades"
    " many colonies have died from mites, pesticides and the loss of meadows."
)
DEMO = f"Summarise this text and write a Python function that counts its words, with a test: {BEES}"


@pytest.fixture(scope="module")
def bench(local_model_url, embeddings_url):
    return LiveBench(local_model_url, embeddings_url)


def worked(bench, request):
    """Do every step of the plan one after the other; return results by step, and the conclusion."""
    made = plan(request, ask=None, embed=bench.embed)
    done: dict[str, Any] = {}
    for step in made.steps:
        before = tuple(
            Handover(key, made_by.agent, "", result.output, result.data, result.success)
            for key, (made_by, result) in done.items()
        )
        done[step.key] = (
            step,
            ROSTER[step.agent].execute(Task(step.key, step.instruction, request, handovers=before), bench),
        )
    parts = tuple(Handover(k, s.agent, "", r.output, r.data, r.success, 8.0) for k, (s, r) in done.items())
    return {key: result for key, (_, result) in done.items()}, conclude(
        Task("end", request, request), parts, bench
    )


def test_the_default_task_is_done_honestly(bench):
    """The summary stands in the text, the code was run, the review saw the same, and the answer holds both."""
    results, end = worked(bench, DEMO)
    assert set(results) == {"communication", "analysis", "development", "quality"}
    assert all(one.passed for one in results["communication"].evidence)
    assert results["development"].data["run"]["tests"]["ran"] == 4
    assert results["development"].success is not bool(results["development"].data["run"]["tests"]["failed"])
    verdict = "accepted" if results["development"].success else "rejected"
    assert results["quality"].data["verdict"] == verdict
    assert results["communication"].output in end.output
    assert "def count_words" in end.output
    assert sum(one["s"] for one in bench.asked) < 60


def test_what_it_cannot_do_is_withheld(bench):
    """A translation by a model this small is garbage; the checks say so and nothing of it is shown."""
    results, end = worked(bench, f"Translate this text to German: {BEES}")
    assert not results["communication"].success
    assert "A larger model is needed" in end.output
