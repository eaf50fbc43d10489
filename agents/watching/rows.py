"""What the rows of an execution add to its events: instructions, outputs, evidence, arguments, files, approvals."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from agents.models import Artefact, Execution, Step, ToolUse
from agents.watching.state import Patch
from deployments import questions
from deployments.models import Approval
from miosa.pages.visible import visible

MOST_TEXT = 20_000  # characters; the row's own page has all
MOST_NAME = 120  # of a request that is only named
CUT = "\n[cut here: its own page has all of it]"


def task_of(execution: Execution) -> Patch:
    """Return what is known of an execution from its beginning."""
    return {
        "request": _cut(execution.request),
        "mode": execution.mode,
        "ceiling_micros": execution.ceiling_micros,
        "created": execution.created.isoformat(),
        "requested_by": execution.requested_by,
        "above": str(execution.parent_id or ""),
        "origin": str(execution.origin_id or ""),
        "origin_step": execution.origin_step,
    }


def end_of(execution: Execution) -> Patch:
    """Return what an execution came to."""
    return {
        "state": execution.state,
        "cause": execution.get_cause_display() if execution.cause else "",
        "error": execution.error,
        "output": _cut(execution.output),
        "confidence": _float(execution.confidence),
        "cost_micros": execution.cost_micros,
        "explanation": execution.plan_explanation,
        "source": execution.plan_source,
        "paused": False,
        "finished": _time(execution.finished),
    }


def asked_of(step: Step) -> Patch:
    """Return what a step is to do."""
    return {
        "id": str(step.pk),
        "instruction": _cut(step.instruction),
        "reason": step.reason,
        "expects": step.expects,
    }


def done_of(step: Step) -> Patch:
    """Return what a step came to, and what speaks for it."""
    return asked_of(step) | {
        "state": step.state,
        "success": step.success,
        "output": _cut(step.output),
        "error": step.error,
        "evidence": [_evidence(one) for one in step.evidence],
        "confidence": _float(step.confidence),
        "execution_ms": step.execution_ms,
        "prompt_version": step.prompt_version,
    }


def whole_of(step: Step) -> Patch:
    """Return everything that a step's row tells: where its execution ended the rows have the last word."""
    return done_of(step) | {
        "key": step.key,
        "agent": step.agent,
        "purpose": step.purpose,
        "depends_on": step.depends_on,
        "order": step.position,
        "model": step.model,
        "decision_id": str(step.decision_id or ""),
        "waits": "",
        "tokens": step.tokens,
        "cost_micros": step.cost_micros,
        "calls": step.calls,
    }


def call_of(use: ToolUse, step_key: str) -> Patch:
    """Return what was asked of a tool; approvals name the use."""
    return {
        "step": step_key,
        "tool": use.tool,
        "effect": use.effect,
        "arguments": _shown(use.arguments),
        "approval": str(use.approval_id or ""),
    }


def answer_of(use: ToolUse, step_key: str) -> Patch:
    """Return what came back from it: data, whatever it says."""
    return call_of(use, step_key) | {
        "state": use.state,
        "output": _cut(use.output),
        "origin": use.origin,
        "took_ms": use.took_ms,
    }


def files_of(files: Iterable[Artefact], keys: Mapping[UUID, str]) -> dict[str, Patch]:
    """Return files by their ids; `keys` are those of the steps."""
    return {
        str(one.pk): {
            "path": one.path,
            "number": one.number,
            "size_bytes": one.size_bytes,
            "digest": one.digest,
            "step": keys.get(one.step_id, "") if one.step_id else "",
        }
        for one in files
    }


def approvals_of(execution_id: UUID) -> list[Approval]:
    """Return what people were asked for an execution, in order."""
    return list(Approval.objects.filter(execution_id=execution_id).order_by("created", "pk"))


def question_of(row: Approval) -> Patch:
    """Return an approval before anybody said anything: exactly what it is bound to."""
    return {
        "kind": row.kind,
        "question": questions.told(row),
        "effect": _shown(row.effect),
        "digest": row.digest,
        "state": "pending",
        "asked": _time(row.created),
        "expires": _time(row.expires),
        "decided_by": "",
        "decided": "",
        "note": "",
    }


def decision_of(row: Approval) -> Patch:
    """Return how an approval stands now."""
    answered = {"decided_by": row.decided_by, "decided": _time(row.decided), "note": row.note}
    return question_of(row) | {"state": questions.now_of(row)} | answered


def below_of(row: Execution) -> Patch:
    """Return an execution right below, for whoever looks at the one above it."""
    use = str(row.parent_use_id or "")
    return {"id": str(row.pk), "request": row.request[:MOST_NAME], "state": row.state, "use": use}


def _evidence(found: Any) -> Patch:
    if not isinstance(found, dict):
        return {"check": str(found), "passed": False, "weight": None, "detail": ""}
    return {
        "check": str(found.get("check", "")),
        "passed": bool(found.get("passed")),
        "weight": found.get("weight"),
        "detail": str(found.get("detail", "")),
    }


def _shown(value: Any) -> str:
    return (
        ""
        if value is None
        else _cut(visible(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, default=str)))
    )


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + CUT


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _time(at: Any) -> str:
    return at.isoformat() if at else ""
