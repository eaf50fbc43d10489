"""After a step that nobody could do: a new plan for what is still missing, before what waits for it is given up.

Asking for the new plan is a step of the orchestrator (`replan-1`). It begins when everything that does not wait for what failed has
ended, so it sees one settled picture, and one of them stands for all that failed meanwhile. What waited for the failed step waits for
it. Rows of the old plan are not rewritten: what a new plan does not name is left out, and what it keeps only waits otherwise.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.utils import timezone

from agents.ceilings import ceilings, tries
from agents.executions import BROKEN, CONCLUDE, LEADER, PLAN, TERMINAL
from agents.models import Execution, Step
from agents.plan import MAX_STEPS, Plan, PlannedStep
from agents.repairs import was_added as was_repaired
from agents.situation import Situation, Stood
from agents.telling import tell

MOST = 2  # new plans of one execution
BEGINS = "replan-"
ANEW = "planned anew: "
MOST_TOLD = 600  # characters of what each step was told, and of what it came to
State = Step.State


def is_replan(step: Step) -> bool:
    """Whether a step asks for a new plan."""
    return step.agent == LEADER and step.key not in {PLAN, CONCLUDE}


def was_added(step: Step) -> bool:
    """Whether a step is one of a new plan, and was none of the first."""
    return step.reason.startswith(ANEW)


def stood_for(replan: Step, steps: Iterable[Step]) -> list[str]:
    """Return the keys of the steps that could not be done and which a new plan stands in for."""
    return [one.key for one in steps if one.key in replan.depends_on and _could_not(one)]


def lay_out(failed: Step) -> bool:
    """Let what waits for a failed step wait for a new plan, in the caller's transaction; return whether one is asked for."""
    if failed.agent == LEADER or not _could_not(failed):
        return False
    steps = _rows(failed)
    replan = next((one for one in steps if is_replan(one) and one.state == State.WAITING), None)
    replan = replan or _opened(failed, steps)
    if replan is None:
        return False
    gone = [*stood_for(replan, steps), failed.key]
    waits = _put(steps, {failed.key: [replan.key]})
    behind = _behind(steps, replan.key)
    replan.depends_on = list(
        dict.fromkeys([*gone, *(one.key for one in _open(steps) if one.key not in behind)])
    )
    replan.save()
    last = next(one for one in steps if one.key == CONCLUDE)
    if replan.key not in last.depends_on:
        waits |= _waits(last, [*last.depends_on, replan.key])
    tell(
        failed.execution_id, "replan_asked", steps=[_told(replan)], waits=waits, instead_of=failed.key,
        why=f"{failed.agent} could not do it: {failed.error}",
    )  # fmt: skip
    return True


def situation_of(replan: Step) -> Situation:
    """Return what a new plan is made from; what one was made from before is kept with it."""
    if kept := replan.data.get("situation"):
        return Situation.of(kept)
    steps = _rows(replan)
    stood = tuple(_stood(one) for one in steps if one.agent != LEADER)
    return Situation(tuple(stood_for(replan, steps)), stood, _room(steps, tried=tries(steps)))


def settled(replan: Step, plan: Plan | None) -> None:
    """Write the steps of a new plan behind the step that asked for it; without one, what waits waits for what failed."""
    steps = _rows(replan)
    gone = stood_for(replan, steps)
    if plan is None:
        _put(steps, {replan.key: gone})
        return
    named = {step.key for step in plan.steps}
    behind = _behind(steps, replan.key)
    left_out = [one.key for one in steps if one.key in behind - named and one.agent != LEADER]
    Step.objects.filter(execution_id=replan.execution_id, key__in=left_out).update(
        state=State.SKIPPED, finished=timezone.now()
    )
    last = next(one for one in steps if one.key == CONCLUDE)
    _write(replan, plan, {one.key: one for one in steps}, begins=last.position)
    over = {*gone, *left_out}
    stays = [key for key in last.depends_on if key not in over]
    last.position += len(plan.steps)
    last.save(update_fields=["position"])
    waits = _waits(last, list(dict.fromkeys([*stays, *(step.key for step in plan.steps)])))
    tell(
        replan.execution_id, "plan_changed", explanation=plan.explanation, why=replan.reason, steps=_shown(replan, plan),
        waits=waits, instead_of=gone, left_out=left_out,
    )  # fmt: skip


def _opened(failed: Step, steps: Sequence[Step]) -> Step | None:
    """Return the new step that asks for a plan, not saved yet; None where there were enough, or there is no room for one."""
    before = [one for one in steps if is_replan(one)]
    behind = _behind(steps, failed.key)
    if (
        len(before) >= MOST
        or _room([one for one in steps if one.key not in behind], tried=tries(steps) + 1) < 1
    ):
        return None
    last = next(one for one in steps if one.key == CONCLUDE)
    key = f"{BEGINS}{1 + max((_number(one.key) for one in before), default=0)}"
    if key in {one.key for one in steps}:
        return None
    made = Step(
        execution_id=failed.execution_id,
        key=key,
        position=last.position,
        agent=LEADER,
        purpose="Plan anew what is still missing",
        instruction=f"Find another way to what {failed.key} should bring, and what waits for it",
        reason=f"{failed.agent} could not do {failed.key}: {failed.error}"[:1000],
    )
    last.position += 1
    last.save(update_fields=["position"])
    return made


def _write(replan: Step, plan: Plan, rows: dict[str, Step], *, begins: int) -> None:
    """Write the steps that are new; those that were kept wait for what the new plan says."""
    new = []
    for position, step in enumerate(plan.steps, start=begins):
        row = rows.get(step.key)
        if row is None:
            new.append(_new(replan, step, position))
            continue
        row.position, row.depends_on = position, list(step.depends_on)
        row.save(update_fields=["position", "depends_on"])
    Step.objects.bulk_create(new)


def _new(replan: Step, step: PlannedStep, position: int) -> Step:
    return Step(
        execution_id=replan.execution_id,
        key=step.key,
        position=position,
        agent=step.agent,
        purpose=step.purpose[:200],
        instruction=step.instruction,
        reason=f"{ANEW}{step.reason}",
        depends_on=[replan.key, *step.depends_on],
        permits=list(step.permits),
        expects=step.expects[:300],
    )


def _rows(step: Step) -> list[Step]:
    return list(Step.objects.filter(execution_id=step.execution_id).order_by("position"))


def _could_not(step: Step) -> bool:
    return step.state == State.FAILED and step.cause == Execution.Cause.ERROR


def _open(steps: Iterable[Step]) -> list[Step]:
    return [one for one in steps if one.agent != LEADER and one.state not in TERMINAL]


def _room(steps: Sequence[Step], *, tried: int) -> int:
    """Return how many steps a new plan may have beside what stays, within the plan's bound and the execution's ceiling."""
    stays = [
        one
        for one in steps
        if one.agent != LEADER and one.state not in {*BROKEN, State.WAITING} and not was_repaired(one)
    ]
    return min(MAX_STEPS - len(stays), ceilings().steps - tried)


def _behind(steps: Sequence[Step], key: str) -> set[str]:
    """Return the keys of all steps that wait for one, directly or not."""
    found = {key}
    for _ in steps:  # as often as a chain can be long
        found |= {one.key for one in steps if found & set(one.depends_on)}
    return found - {key}


def _put(steps: Iterable[Step], others: dict[str, list[str]]) -> dict[str, list[str]]:
    """Let what waits for some steps wait for others instead; return what it waits for now."""
    found: dict[str, list[str]] = {}
    for one in steps:
        if one.agent != LEADER and one.state == State.WAITING and others.keys() & set(one.depends_on):
            found |= _waits(one, [new for key in one.depends_on for new in others.get(key, [key])])
    return found


def _waits(step: Step, depends_on: list[str]) -> dict[str, list[str]]:
    step.depends_on = list(dict.fromkeys(depends_on))
    step.save(update_fields=["depends_on"])
    return {step.key: step.depends_on}


def _number(key: str) -> int:
    return int(key.removeprefix(BEGINS)) if key.removeprefix(BEGINS).isdecimal() else 0


def _stood(step: Step) -> Stood:
    told = step.error if step.state == State.FAILED else step.output
    return Stood(
        step.key, step.agent, step.instruction[:MOST_TOLD], str(step.state), told[:MOST_TOLD], tuple(step.depends_on), tuple(step.permits),
        step.expects, step.purpose,
    )  # fmt: skip


def _told(step: Step) -> dict[str, Any]:
    return {"step": step.key, "agent": step.agent, "purpose": step.purpose, "depends_on": step.depends_on}


def _shown(replan: Step, plan: Plan) -> list[dict[str, Any]]:
    keys: Collection[str] = [step.key for step in plan.steps]
    rows = Step.objects.filter(execution_id=replan.execution_id, key__in=keys).order_by("position")
    return [{**_told(row), "permits": row.permits, "expects": row.expects} for row in rows]
