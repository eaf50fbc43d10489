"""After a review that did not accept: write it anew and review it again, before what waited for the review goes on."""

import re

from django.db.models import F

from agents import executions
from agents.models import Step
from agents.telling import tell

MOST = 2  # rounds; what is not accepted then is not shipped
WAITING_FOR_A_YES = "deployment"
FOUND = "the review found: "
ADDED = re.compile(r"(?:repair|review)-\d+")
WRITER, REVIEWER = "development", "quality"


def lay_out(rejected: Step) -> bool:
    """Write the two steps of a repair behind a review in the caller's transaction; return whether there is one to come."""
    if rejected.agent != REVIEWER or not rejected.data.get("repairable"):
        return False
    steps = list(Step.objects.filter(execution_id=rejected.execution_id).order_by("position"))
    rejected = next(
        one for one in steps if one.pk == rejected.pk
    )  # its place may have moved since it was claimed
    waiting = [one for one in steps if _waits(one, rejected.key)]
    rounds = 1 + sum(one.key.startswith("repair-") for one in steps)
    written = next((one for one in reversed(steps) if one.agent == WRITER), None)
    if rounds > MOST or written is None or not (waiting or rejected.data.get("workspace")):
        return False
    _write(rejected, written, rounds, waiting)
    return True


def was_added(step: Step) -> bool:
    """Whether a step is one of a repair, and none of the plan."""
    return bool(ADDED.fullmatch(step.key)) and step.reason.startswith(FOUND)


def _waits(step: Step, key: str) -> bool:
    return step.agent == WAITING_FOR_A_YES and step.state == Step.State.WAITING and key in step.depends_on


def _write(rejected: Step, written: Step, rounds: int, waiting: list[Step]) -> None:
    repair, review = f"repair-{rounds}", f"review-{rounds}"
    later = Step.objects.filter(execution_id=rejected.execution_id, position__gt=rejected.position)
    later.update(position=F("position") + 2)
    rows = (
        (repair, WRITER, "mend what the review found", written.instruction, [rejected.key]),
        (review, REVIEWER, "review what was mended", rejected.instruction, [repair]),
    )
    Step.objects.bulk_create(
        Step(
            execution_id=rejected.execution_id,
            key=key,
            position=rejected.position + number,
            agent=agent,
            purpose=purpose,
            instruction=instruction,
            reason=f"{FOUND}{rejected.data.get('fault', '')}"[:1000],
            depends_on=depends_on,
        )
        for number, (key, agent, purpose, instruction, depends_on) in enumerate(rows, start=1)
    )
    for one in waiting:
        one.depends_on = [review if key == rejected.key else key for key in one.depends_on]
        one.save(update_fields=["depends_on"])
    leading = {
        "agent": executions.LEADER,
        "state": Step.State.WAITING,
    }  # the conclusion, and whoever shall plan anew
    for last in Step.objects.filter(execution_id=rejected.execution_id, **leading):
        last.depends_on = [*last.depends_on, repair, review]
        last.save(update_fields=["depends_on"])
    shown = [
        {"step": key, "agent": agent, "purpose": purpose, "depends_on": depends_on}
        for key, agent, purpose, _, depends_on in rows
    ]
    tell(rejected.execution_id, "repair_planned", why=rejected.data.get("fault", ""), steps=shown)
