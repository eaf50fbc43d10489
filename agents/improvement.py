"""What is learned from a result below the threshold, and from a step its agent could not do; the only writer of Lesson.

A lesson is queued in the transaction of its result, exactly once, and studied afterwards: the study
weighs what the verifiers found against how often this agent fails the same check, names the cause and
proposes one change, as a versioned proposal. It is arithmetic over stored facts, so it needs no model and repeats exactly.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agents.changes import Change, Kind, UnfitChange
from agents.executions import CONCLUDE
from agents.models import Execution, Lesson, Step
from agents.proposals import Drafted, draft, tried
from agents.registry_kinds import AgentKind
from agents.remedies import BEYOND_WORDS, remedies
from tenants.places import in_each_place

LOOK_BACK = 50  # results of the same agent that the cause is compared with
MOST_EXAMPLES = 2  # that one prompt is tried with
HABITUAL = 0.3  # share of results failing the same check from which it is the agent's habit

DUE = """
WITH due AS (
  SELECT id FROM agents_lesson
  WHERE state = 'queued' AND (rung IS NULL OR rung < now() - make_interval(secs => %s))
  ORDER BY created LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE agents_lesson l SET rung = now() FROM due WHERE l.id = due.id RETURNING l.tenant_id, l.id"""
RING_S = 30.0


def queue(step: Step) -> UUID | None:
    """Queue the one lesson of a step; None when it is there already."""
    lesson = Lesson(step=step, agent=step.agent, confidence=step.confidence, rung=timezone.now())
    Lesson.objects.bulk_create([lesson], ignore_conflicts=True)
    return lesson.pk if Lesson.objects.filter(pk=lesson.pk).exists() else None


@transaction.atomic
def study(lesson_id: UUID) -> None:
    """Write cause, proposal and the facts they rest on; studying twice changes nothing."""
    lesson: Lesson | None = (
        Lesson.objects.select_for_update(of=("self",))
        .select_related("step")
        .filter(pk=lesson_id, state=Lesson.State.QUEUED)
        .first()
    )
    if lesson is None:
        return
    step = lesson.step
    failed = sorted((e for e in step.evidence if not e["passed"]), key=lambda e: -float(e["weight"]))
    habits = _habits(step.agent)
    lesson.cause = _cause(step, failed)
    drafted = _drafted(lesson, failed, habits)
    lesson.proposal = f"{_proposal(step, failed, habits)} {_told(step, drafted)}"
    lesson.evidence = {
        "failed_checks": failed,
        "share_of_recent_results_failing": {check: round(habits.share(check), 3) for check in habits.failing},
        "model": step.model,
        "prompt_version": step.prompt_version,
        "proposal": drafted.row.number if drafted else None,
        **({"error": step.error} if _broke(step) else {}),
    }
    lesson.state, lesson.studied = Lesson.State.STUDIED, timezone.now()
    lesson.save()


def due(*, limit: int = 100) -> list[tuple[UUID, UUID]]:
    """Return (tenant, lesson) of lessons nobody has studied yet, of all tenants, as the platform.

    `limit` holds for each place that has rows of tenants.
    """
    return [(tenant_id, lesson_id) for tenant_id, lesson_id in in_each_place(DUE, [RING_S, limit])]


@dataclass(frozen=True, slots=True)
class Habits:
    """How many of an agent's last results fail each check."""

    failing: Mapping[str, int]
    results: int

    def share(self, check: str) -> float:
        """Return the share of the last results that fail it, 0 to 1."""
        return self.failing.get(check, 0) / max(1, self.results)

    def told(self, check: str) -> str:
        """Return the same in words."""
        return f"{self.failing.get(check, 0)} of the last {self.results} results"


def _habits(agent: str) -> Habits:
    recent = list(
        Step.objects.filter(agent=agent, state=Step.State.COMPLETED)
        .order_by("-finished")
        .values_list("evidence", flat=True)[:LOOK_BACK]
    )
    failing = Counter(
        finding["check"] for evidence in recent for finding in evidence if not finding["passed"]
    )
    return Habits(failing, len(recent))


def _cause(step: Step, failed: Sequence[dict[str, Any]]) -> str:
    if not failed and step.error:
        return f"The step ended with an error: {step.error}"
    if not failed:
        return (
            f"No check failed; the confidence is low because {step.model or 'the model'} has a low success rate"
            " in work of this kind, or too little is known of it."
        )
    worst = failed[0]
    detail = f": {worst['detail']}" if worst.get("detail") else ""
    more = f" ({len(failed) - 1} lighter checks failed too)" if len(failed) > 1 else ""
    return f"The check {worst['check']!r} failed{detail}{more}"


def _drafted(lesson: Lesson, failed: Sequence[dict[str, Any]], habits: Habits) -> Drafted | None:
    """Write the mildest change down that was not tried yet; a habit is tested by itself, an accident when asked for."""
    step = lesson.step
    if step.agent not in set(AgentKind) or step.key == CONCLUDE or _broke(step):
        return None  # an agent that is here no more; a whole whose weak parts have lessons of their own; no words mend an error
    habit = bool(failed) and habits.share(str(failed[0]["check"])) >= HABITUAL
    known = tried(step.agent)
    for change in remedies(step, failed):
        if change.fingerprint in known or _too_many(change, known):
            continue
        try:
            return draft(step.agent, change, cause=lesson.cause, lesson=lesson, tested=habit or not failed)
        except UnfitChange:
            continue
    return None


def _too_many(change: Change, known: Mapping[str, Kind]) -> bool:
    """There is always another example to try, and each try may be taken by luck."""
    return change.kind == Kind.EXAMPLE and list(known.values()).count(Kind.EXAMPLE) >= MOST_EXAMPLES


def _broke(step: Step) -> bool:
    return step.state == Step.State.FAILED


def _broken(step: Step) -> str:
    """Return how often this agent ends in an error, and where to look."""
    ended = Step.objects.filter(agent=step.agent, state__in=[Step.State.COMPLETED, Step.State.FAILED])
    recent = list(ended.order_by("-finished").values_list("state", "cause")[:LOOK_BACK])
    broken = recent.count((Step.State.FAILED, Execution.Cause.ERROR))
    return (
        f"{broken} of the last {len(recent)} steps of {step.agent} ended in an error. What the log says of step {step.key} of"
        f" {step.execution_id} has to be mended."
    )


def _told(step: Step, drafted: Drafted | None) -> str:
    if _broke(step):
        return "No prompt mends an error."
    if step.key == CONCLUDE:
        return "What is weak lies in a part, which has a lesson of its own."
    if drafted is None:
        return "The rules know no change that is left to try with this prompt and the models within reach."
    made = "is written down as" if drafted.made else "is what is proposed already in"
    return f"A change of kind {drafted.row.kind} {made} proposal {drafted.row}."


def _proposal(step: Step, failed: Sequence[dict[str, Any]], habits: Habits) -> str:
    if _broke(step):
        return _broken(step)
    if not failed:
        return f"Let another model take this work for a trial, and compare it with {step.model or 'the present one'}."
    check = str(failed[0]["check"])
    if check in BEYOND_WORDS:
        return f"{habits.told(check)} of {step.agent} fail {check!r}: that lies in what was there to work on, not in its prompt."
    if habits.share(check) >= HABITUAL:
        return (
            f"{habits.told(check)} of {step.agent} fail {check!r}: change its prompt (version"
            f" {step.prompt_version or 'unknown'}) so that it asks for this, or give the work to a stronger model."
        )
    return f"{check!r} fails rarely ({habits.told(check)}): ask once more before changing anything."
