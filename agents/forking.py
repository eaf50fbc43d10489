"""An execution that goes on from another: what was done before a step is kept, that step and all behind it are done anew.

The one it goes on from stays as it is. Steps that a review added are left out where they are done anew: the next review
decides by itself. So are those of a new plan, where the step is done anew that it stood in for; where it is not, that step and what
the new plan left out are taken over as they are.

What the plan permitted was permitted for what was asked then: where that is asked differently, no step that is done anew may use a
tool with effects without asking a person.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.functions import TransactionNow

from agents import executions
from agents.models import Execution, Step
from agents.repairs import was_added
from agents.replanning import is_replan, stood_for
from agents.replanning import was_added as was_planned_anew
from agents.telling import tell

COPIED = (
    "key", "agent", "purpose", "instruction", "reason", "expects", "permits", "success", "output", "data", "evidence", "suggestions", "confidence", "error", "cause",
    "model", "decision_id", "prompt_version", "started", "finished",
)  # fmt: skip
ASKED = ("key", "agent", "purpose", "instruction", "reason", "expects", "permits")
GIVEN = (
    "parameters", "mode", "deploy", "target", "environment", "conversation", "plan_source", "plan_explanation",
)  # fmt: skip

AROUND = (executions.PLAN, executions.CONCLUDE)


class NoSuchStep(LookupError):  # noqa: N818  it reads as what happened
    """There is no step of this key to begin with; the message says which there are."""


@dataclass(frozen=True)
class Kept:
    """One step of the old execution, in what matters here. `added`: by a repair, not by the plan.

    `replan`: it asked for a new plan, because of the steps that it waits for. `anew`: it is a step of such a plan.
    """

    key: str
    completed: bool
    depends_on: tuple[str, ...] = ()
    added: bool = False
    replan: bool = False
    anew: bool = False
    good: bool = True


@dataclass(frozen=True)
class Split:
    """Which steps are taken over as they are, which are done anew with what they wait for, in the plan's order."""

    taken_over: tuple[str, ...]
    anew: Mapping[str, tuple[str, ...]]


def split(steps: Sequence[Kept], first: str) -> Split:
    """Return what is done anew from a step on. Raises NoSuchStep."""
    keys = [step.key for step in steps]
    if first not in keys:
        raise NoSuchStep(f"It has no step {first}; there are {', '.join(keys)}.")
    if first == executions.PLAN:
        return Split((), {first: ()})
    needed = _needed(steps)
    anew = {first} | {step.key for step in steps if not step.completed and step.key in needed}
    for _ in steps:  # as often as a chain can be long
        anew |= {step.key for step in steps if anew & set(step.depends_on)}
        anew |= {key for step in steps if step.replan and step.key in anew for key in step.depends_on}
    dropped = {
        step.key: step.depends_on for step in steps if step.key in anew and _is_dropped(step, steps, anew)
    }
    taken_over = tuple(step.key for step in steps if step.key not in anew)
    waits = {
        step.key: _waits_for(step.depends_on, dropped)
        for step in steps
        if step.key in anew and step.key not in dropped
    }
    if last := waits.get(executions.CONCLUDE):
        last += [key for key in waits if key != executions.CONCLUDE]  # what a new plan had left out, too
    there = {*taken_over, *waits}
    return Split(
        taken_over,
        {key: tuple(one for one in dict.fromkeys(deps) if one in there) for key, deps in waits.items()},
    )


def first_undone(steps: Iterable[Kept]) -> str:
    """Return the first step that was not done, or not well; the conclusion where there is none.

    Steps come in the plan's order.
    """
    rows = list(steps)
    needed = _needed(rows)
    undone = (step.key for step in rows if step.key in needed and not (step.completed and step.good))
    return next(undone, executions.CONCLUDE)


def _needed(steps: Sequence[Kept]) -> set[str]:
    """Return the keys of what the conclusion is made from: not what another step stood in for, or a new plan gave up."""
    by_key = {step.key: step for step in steps}
    found: set[str] = set()
    open_keys = [executions.PLAN, executions.CONCLUDE] if executions.CONCLUDE in by_key else list(by_key)
    while open_keys:
        key = open_keys.pop()
        if key in by_key and key not in found:
            found.add(key)
            open_keys += [] if by_key[key].replan else by_key[key].depends_on
    return found


def _is_dropped(step: Kept, steps: Sequence[Kept], anew: set[str]) -> bool:
    """Whether a step that would be done anew is left out, since what added it decides anew."""
    asked = {one.key for one in steps if one.replan} & anew
    return step.added or step.replan or (step.anew and bool(asked & set(step.depends_on)))


def fork(origin: Execution, *, first: str = "", instruction: str = "", **fields: Any) -> Execution:
    """Write the new execution in the caller's transaction. Raises NoSuchStep.

    Without `first` it begins where the old one got stuck. `instruction` is what the first step is told instead; `fields`
    are those of the execution, `request` among them.
    """
    rows = list(Step.objects.filter(execution_id=origin.pk).order_by("position"))
    steps = kept(rows)
    first = first or first_undone(steps)
    parts = split(steps, first)
    given = {name: getattr(origin, name) for name in GIVEN} | {"request": origin.request} | fields
    made: Execution = Execution.objects.create(
        origin_id=origin.pk, origin_step=first, state=Execution.State.PENDING, **given
    )
    Step.objects.bulk_create(
        _copied(made, row) if row.key in parts.taken_over else _anew(made, row, parts.anew[row.key])
        for row in rows
        if row.key in parts.taken_over or row.key in parts.anew
    )
    changed = {
        name: value
        for name, value in (("instruction", instruction), ("request", fields.get("request")))
        if value
    }
    anew = Step.objects.filter(execution_id=made.pk, key__in=list(parts.anew))
    if changed:
        anew.update(permits=[])
    told = changed.get("instruction") or (made.request if first == executions.PLAN else "")
    if told:
        anew.filter(key=first).update(instruction=told, expects="")
    tell(
        made.pk,
        "task_created",
        request=made.request,
        origin=origin.pk,
        origin_step=first,
        changed=sorted(changed),
    )
    if first != executions.PLAN:
        _tell_plan(made)
    return made


def _tell_plan(made: Execution) -> None:
    tell(
        made.pk, "plan_made", source=made.plan_source, explanation=made.plan_explanation,
        steps=[
            {"step": row.key, "agent": row.agent, "purpose": row.purpose, "depends_on": row.depends_on, "state": row.state}
            for row in Step.objects.filter(execution_id=made.pk).exclude(key__in=AROUND).order_by("position")
        ],
    )  # fmt: skip


def kept(rows: Sequence[Step]) -> list[Kept]:
    """Return rows as what a split is decided by."""
    return [
        Kept(
            row.key,
            row.state == Step.State.COMPLETED,
            tuple(stood_for(row, rows) if is_replan(row) else row.depends_on),
            added=was_added(row),
            replan=is_replan(row),
            anew=was_planned_anew(row),
            good=row.success is not False,
        )
        for row in rows
    ]


def _copied(made: Execution, row: Step) -> Step:
    """What was done before costs nothing again."""
    return Step(
        execution=made, position=row.position, depends_on=row.depends_on, state=row.state,
        **{name: getattr(row, name) for name in COPIED},
    )  # fmt: skip


def _anew(made: Execution, row: Step, depends_on: Sequence[str]) -> Step:
    plan = row.key == executions.PLAN
    return Step(
        execution=made, position=row.position, depends_on=list(depends_on),
        state=Step.State.READY if plan else Step.State.WAITING, rung=TransactionNow() if plan else None,
        **{name: getattr(row, name) for name in ASKED},
    )  # fmt: skip


def _waits_for(keys: Iterable[str], dropped: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what is waited for where some steps are left out: what they waited for themselves, each once."""
    found: dict[str, None] = {}
    for key in keys:
        found |= dict.fromkeys(_waits_for(dropped[key], dropped) if key in dropped else [key])
    return list(found)
