"""An execution's events with what its rows add to each: the same for whoever watches live and for a film of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from agents import below, speech
from agents.models import Artefact, Execution, ExecutionEvent, Step, ToolUse
from agents.watching import rows
from agents.watching.folding import changes, drawn, folded
from agents.watching.state import Happened, Patch, empty, merged
from deployments.models import Approval

PLANNED = frozenset(
    {"task_created", "plan_made", "repair_planned", "handed_over", "replan_asked", "plan_changed"}
)
ENDINGS = frozenset({"task_completed", "task_failed", "task_cancelled"})
MOST_EVENTS = 5_000


@dataclass(frozen=True, slots=True)
class Watched:
    """One execution with its rows as they are now."""

    execution: Execution
    steps: Mapping[str, Step]
    uses: Mapping[str, ToolUse]
    files: tuple[Artefact, ...]

    @classmethod
    def of(cls, execution: Execution) -> "Watched":
        """Read the rows of an execution."""
        by = {"execution_id": execution.pk}
        return cls(
            execution,
            {step.key: step for step in Step.objects.filter(**by).order_by("position")},
            {str(use.pk): use for use in ToolUse.objects.filter(**by).order_by("created")},
            tuple(Artefact.objects.filter(**by).order_by("created", "path")),
        )

    def happened(self) -> list[Happened]:
        """Return what happened, in order, each event with the rows that it tells of."""
        found = ExecutionEvent.objects.filter(execution_id=self.execution.pk).order_by("number")[:MOST_EVENTS]
        at, told = "", []
        for one in found:
            at = max(at, one.created.isoformat())  # clocks of several machines: the numbers are the order
            told.append(Happened(one.number, one.kind, at, one.data, self._details(one.kind, one.data)))
        return told

    def begun(self) -> Patch:
        """Return the state before the first event."""
        return empty(**rows.task_of(self.execution))

    def _details(self, kind: str, data: Mapping[str, Any]) -> Patch:
        step = self.steps.get(str(data.get("step", "")))
        if kind in PLANNED:
            return {"steps": self._asked(data, planned=kind == "plan_made")}
        if kind in ENDINGS:
            return self.ended()
        if kind == "task_started":
            return {"files": self._files(one for one in self.files if one.origin == Artefact.Origin.PERSON)}
        use = self.uses.get(str(data.get("use_id", "")))
        if use is not None:
            told = rows.call_of if kind == "tool_called" else rows.answer_of
            return {"uses": {str(use.pk): told(use, str(data["step"]))}} | self._left_by(use, kind)
        if kind == "agent_finished" and step is not None:
            kept = [one for one in self.files if one.step_id == step.pk]
            return {"steps": {step.key: rows.done_of(step)}, "files": self._files(kept)}
        return {}

    def _asked(self, data: Mapping[str, Any], *, planned: bool) -> dict[str, Patch]:
        """The instructions of the steps told of; a step that was done in an earlier execution is done already."""
        told = [one["step"] for one in data.get("steps", ())]
        names = [*told, "conclude"] if planned else told or ["plan"]
        here = {key: rows.asked_of(self.steps[key]) for key in names if key in self.steps}
        taken = {
            key: rows.whole_of(step) for key, step in self.steps.items() if planned and _taken_over(step)
        }
        return here | taken

    def _left_by(self, use: ToolUse, kind: str) -> Patch:
        left = [
            one for one in self.files if one.step_id == use.step_id and use.files.get(one.path) == one.digest
        ]
        return {"files": self._files(left)} if left and kind == "tool_returned" else {}

    def _files(self, files: Any) -> dict[str, Patch]:
        return rows.files_of(files, {step.pk: step.key for step in self.steps.values()})

    def ended(self) -> Patch:
        """Return what the rows of an ended execution tell: they have the last word."""
        keys = {step.pk: step.key for step in self.steps.values()}
        return {
            "execution": rows.end_of(self.execution),
            "steps": {key: rows.whole_of(step) for key, step in self.steps.items()},
            "uses": {pk: rows.answer_of(use, keys.get(use.step_id, "")) for pk, use in self.uses.items()},
            "files": self._files(self.files),
        }


def state_of(execution: Execution) -> Patch:
    """Return an execution as it stands now, with its approvals; what its rows alone tell stands where it has ended."""
    watched = Watched.of(execution)
    state = folded(watched.begun(), watched.happened())
    if execution.ended:
        state = merged(state, drawn(state, watched.ended()))
    return merged(merged(state, approvals_now(execution.pk)), below_now(execution))


def since(execution: Execution, after: int) -> list[Patch]:
    """Return what changed after the event of this number, one patch for each event."""
    watched = Watched.of(execution)
    state, patches = watched.begun(), []
    for one in watched.happened():
        patch = changes(state, one)
        state = merged(state, patch)
        if (one.number or 0) > after:
            patches.append(patch)
    return patches


def approvals_now(execution_id: UUID) -> Patch:
    """Return how the approvals of an execution stand."""
    return {"approvals": {str(row.pk): rows.decision_of(row) for row in rows.approvals_of(execution_id)}}


def below_now(execution: Execution) -> Patch:
    """Return what an execution has used together with those below it; nothing where there are none."""
    if not below.any_below(execution):
        return {}
    used = asdict(below.used_with_below(execution))
    return {
        "execution": {
            "with_below": used,
            "below": [rows.below_of(one) for one in below.right_below(execution)],
        }
    }


def spoken(execution: Execution) -> dict[str, dict[str, str]]:
    """Return which models are writing what at this moment in the current tenant's execution, by step."""
    running = Step.objects.filter(execution_id=execution.pk, state=Step.State.RUNNING)
    return speech.heard(execution.pk, running.values_list("key", flat=True))


def film(execution: Execution) -> list[tuple[str, Patch]]:
    """Return a finished execution's changes with their moments, in order; the last leaves it as it is now."""
    watched = Watched.of(execution)
    shots = [*watched.happened(), *_said(execution.pk)]
    shots.sort(key=lambda one: one.at)
    state, frames = watched.begun(), []
    for one in shots:
        patch = changes(state, one)
        state = merged(state, patch)
        frames.append((one.at, patch))
    last = merged(merged(drawn(state, watched.ended()), approvals_now(execution.pk)), below_now(execution))
    return [*frames, (shots[-1].at if shots else execution.created.isoformat(), last)]


def _said(execution_id: UUID) -> list[Happened]:
    """Questions and answers, at the moments of their rows."""
    found = []
    for row in rows.approvals_of(execution_id):
        asked = {"approvals": {str(row.pk): rows.question_of(row)}}
        found.append(Happened(None, "approval_asked", row.created.isoformat(), details=asked))
        if row.state != Approval.State.PENDING:
            at, said = row.decided or row.expires, {"approvals": {str(row.pk): rows.decision_of(row)}}
            found.append(Happened(None, "approval_decided", at.isoformat(), details=said))
    return found


def _taken_over(step: Step) -> bool:
    return step.state == Step.State.COMPLETED and step.attempt == 0
