"""Run the cases of agents and score each: the share of its properties that hold."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents import part
from agents.contract import Evidence, ModelUnavailable, Result
from agents.evals.bench import EvalBench
from agents.evals.boxed import boxes_here
from agents.evals.cases import Case, cases_of
from agents.evals.expectations import checked
from agents.evals.models import LocalModel

MODELS = ("none", "built-in")


@dataclass(frozen=True)
class Scored:
    """What one case came to; `score` is 0 to 1, None where it was skipped for `why`."""

    case: Case
    score: float | None
    findings: tuple[Evidence, ...]
    seconds: float
    why: str = ""

    @property
    def name(self) -> str:
        """The case's name within the agent's set."""
        return self.case.name


def run(
    agents: Sequence[str],
    *,
    model: LocalModel | None,
    repeats: int = 1,
    seen: Callable[[Scored], Any] = lambda _one: None,
) -> list[Scored]:
    """Run every case of these agents, `repeats` times where a model answers, and score the mean; `seen` is told of each."""
    has_boxes, found = boxes_here(), []
    for case in (case for agent in agents for case in cases_of(agent)):
        missing = next(_missing(case, model, has_boxes=has_boxes), "")
        one = Scored(case, None, (), 0.0, missing) if missing else _repeated(case, model, repeats)
        seen(one)
        found.append(one)
    return found


def _missing(case: Case, model: LocalModel | None, *, has_boxes: bool) -> Iterator[str]:
    if "model" in case.needs and model is None:
        yield "it needs a model"
    if "sandbox" in case.needs and not has_boxes:
        yield "it needs a sandbox, and this machine has none"


def _repeated(case: Case, model: LocalModel | None, repeats: int) -> Scored:
    runs = [_scored(case, model) for _ in range(repeats if model else 1)]
    mean = sum(one.score or 0.0 for one in runs) / len(runs)
    return replace(runs[-1], score=round(mean, 4), seconds=sum(one.seconds for one in runs))


def _scored(case: Case, model: LocalModel | None) -> Scored:
    bench, began = EvalBench(case.facts, model), time.perf_counter()
    try:
        result = _result(case, bench)
    except ModelUnavailable as error:
        result = Result(False, "", error=str(error))
    findings = tuple(checked(result, case, bench))
    share = sum(one.passed for one in findings) / len(findings)
    return Scored(case, round(share, 4), findings, time.perf_counter() - began)


def _result(case: Case, bench: EvalBench) -> Result:
    done = part.done(case.key, case.task, bench)
    if done.plan is None:
        return done.result
    steps = [{"agent": one.agent, "needs": len(one.depends_on)} for one in done.plan.steps]
    told = {"agents": [one["agent"] for one in steps], "steps": steps, "source": done.plan.source}
    return Result(True, done.result.output, told, done.result.evidence)
