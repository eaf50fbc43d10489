"""Do stored steps again, as an agent asks now and as a proposal would have it ask; verifiers and judge do not know which is which."""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db import InterfaceError, OperationalError

from agents import confidence, part
from agents.assignment import task_of
from agents.contract import Evidence, ModelUnavailable, Profile, Result, Task
from agents.executions import CONCLUDE
from agents.looks import joined
from agents.models import Proposal, ProposalTrial, Step
from agents.pair_judge import judged, judges_of
from agents.purse import Purse
from agents.replay_bench import ReplayBench
from agents.storable import storable
from miosa.http.problem import PaymentRequired

NEWEST = 200  # stored steps that the replayed ones are drawn from


class Unheard(Exception):  # noqa: N818  it reads as what happened
    """No model can be given this step, in either arm: no fault of either, and no pair."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What one profile made of a task: its score (0 to 1) comes from the same verifiers for both."""

    text: str
    score: float
    evidence: tuple[Evidence, ...]
    model: str
    cost_micros: int = 0
    unheard: str = ""  # why no model could be asked at all

    @property
    def shown(self) -> list[dict[str, Any]]:
        """Return the evidence as it is stored."""
        return list(
            storable(
                [
                    {"check": e.check, "passed": e.passed, "weight": e.weight, "detail": e.detail}
                    for e in self.evidence
                ]
            )
        )


def stored(row: Proposal, *, most: int) -> Iterator[tuple[Step, Task, str]]:
    """Yield (step, task, digest of its input) of up to `most` stored steps that were not replayed for this proposal.

    Only where a model was asked: nothing else can differ. What an example was taken from is left out, since it would be
    tested on its own answer. Which ones of the newest is drawn by lot, alike at every try.
    """
    seen = set(ProposalTrial.objects.filter(proposal=row).values_list("input_digest", flat=True))
    taken = 0
    for step in _candidates(row):
        if taken == most:
            return
        task = replace(
            task_of(step.execution, step, list(step.execution.steps.order_by("position"))), shipping=None
        )
        digest = _digest(task)
        if digest in seen or task.input.strip() == row.change.get("given", "").strip():
            continue
        seen.add(digest)
        taken += 1
        yield step, task, digest


def waiting(row: Proposal, *, most: int) -> int:
    """Return how many stored steps could be replayed now, counted up to `most`."""
    return sum(1 for _ in stored(row, most=most))


def pair(
    step: Step, task: Task, profiles: tuple[Profile, Profile], purse: Purse, *, salt: str
) -> dict[str, Any]:
    """Run both profiles (old, new) on one task in random order and return the columns of a trial.

    Raises ModelUnavailable where no model answers just now, Unheard where none can take it, and PaymentRequired where the
    purse is empty.
    """
    rng = random.Random(f"{salt}:{step.pk}")  # noqa: S311  an order, no secret; the same at every try
    old_first, shown_old_first = rng.random() < 0.5, rng.random() < 0.5  # noqa: PLR2004  a coin
    before = purse.spent_micros
    order = profiles if old_first else profiles[::-1]
    arms = [_arm(step, task, profile, purse) for profile in order]
    old, new = arms if old_first else arms[::-1]
    if old.unheard and new.unheard:
        raise Unheard(old.unheard)
    said = judged(
        task.asked if task.asked == task.input else f"{task.asked}\n\n{task.input}",
        old.text,
        new.text,
        old_first=shown_old_first,
        by=judges_of(old.model, new.model),
        purse=purse,
    )
    return {
        "old_first": old_first, "old_score": old.score, "new_score": new.score, "old_evidence": old.shown,
        "new_evidence": new.shown, "old_model": old.model, "new_model": new.model, "verdict": said.verdict,
        "judge": said.judge, "judge_reason": said.reason, "shown_old_first": shown_old_first if said.judge else None,
        "old_cost_micros": old.cost_micros, "new_cost_micros": new.cost_micros,
        "difference": round(joined(new.score - old.score, said.verdict), 6), "cost_micros": purse.spent_micros - before,
    }  # fmt: skip


def _candidates(row: Proposal) -> list[Step]:
    found = (
        Step.objects.filter(agent=row.agent, state=Step.State.COMPLETED, calls__gt=0)
        .exclude(key=CONCLUDE)
        .select_related("execution")
        .order_by("-finished")
    )
    if origin := row.change.get("origin"):
        found = found.exclude(pk=origin)
    newest = list(found[:NEWEST])
    return sorted(newest, key=lambda step: hashlib.sha256(f"{row.pk}:{step.pk}".encode()).digest())


def _arm(step: Step, task: Task, profile: Profile, purse: Purse) -> Arm:
    bench, unheard, before = (
        ReplayBench(profile, step, task.input, purse),
        "",
        purse.spent_micros,
    )
    try:
        result = part.done(step.key, task, bench).result
    except (PaymentRequired, OperationalError, InterfaceError):
        raise
    except ModelUnavailable as error:
        if error.retryable:
            raise
        result, unheard = Result(False, ""), str(error) or "no model can take it"
    except Exception as error:  # noqa: BLE001  as in a live step: what an agent raises is its failure
        result = Result(False, "", error=type(error).__name__)
    model = bench.answers[-1].model if bench.answers else ""
    worth = confidence.by_checks(result.evidence) if result.evidence or result.success else 0.0
    return Arm(result.output, worth, result.evidence, model, purse.spent_micros - before, unheard)


def _digest(task: Task) -> str:
    given = {
        "input": task.input,
        "request": task.request,
        "parameters": dict(task.parameters),
        "handovers": [(one.agent, one.output, dict(one.data)) for one in task.handovers],
    }
    return hashlib.sha256(json.dumps(given, sort_keys=True, default=str).encode()).hexdigest()
