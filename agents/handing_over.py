"""After a step that could not be done: another agent takes it over, by rule, before what waits for it is given up.

Once for each step. The one that failed stays as it is, with its error; what waited for it waits for the other, which is told
why. Nobody takes over what only one agent can do: code that does not come about is no answer in words.
"""

from collections.abc import Mapping

from django.db.models import F

from agents.models import Execution, Step
from agents.telling import tell

# Who can do something of the same use with another craft.
TAKES_OVER: Mapping[str, str] = {
    "integration": "development",
    "architect": "analysis",
    "strategy": "analysis",
    "analysis": "communication",
    "recommender": "monitoring",
}
HANDED = "handed over: "
MOST_KEY = 40


def lay_out(failed: Step) -> bool:
    """Write the step of whoever takes over, in the caller's transaction; return whether anybody does."""
    other = TAKES_OVER.get(failed.agent, "")
    if not other or failed.cause != Execution.Cause.ERROR or failed.reason.startswith(HANDED):
        return False
    steps = list(Step.objects.filter(execution_id=failed.execution_id).order_by("position"))
    failed = next(
        one for one in steps if one.pk == failed.pk
    )  # its place may have moved since it was claimed
    key = _key(failed.key, other, {one.key for one in steps})
    Step.objects.filter(execution_id=failed.execution_id, position__gt=failed.position).update(
        position=F("position") + 1
    )
    made = Step.objects.create(
        execution_id=failed.execution_id,
        key=key,
        position=failed.position + 1,
        agent=other,
        purpose=failed.purpose,
        instruction=failed.instruction,
        reason=f"{HANDED}{failed.agent} could not do it: {failed.error}"[:1000],
        expects=failed.expects,
        depends_on=failed.depends_on,
    )
    for one in steps:
        if failed.key in one.depends_on:
            waits = [key if name == failed.key else name for name in one.depends_on]
            Step.objects.filter(pk=one.pk).update(depends_on=waits)
    tell(
        failed.execution_id,
        "handed_over",
        steps=[{"step": key, "agent": other, "purpose": made.purpose, "depends_on": made.depends_on}],
        instead_of=failed.key,
        why=f"{failed.agent} could not do it: {failed.error}",
    )
    return True


def _key(key: str, agent: str, taken: set[str]) -> str:
    """Return a key that is free and says who took over from where."""
    wanted = f"{key[: MOST_KEY - len(agent) - 4]}-by-{agent}"[:MOST_KEY]
    return next(
        name
        for name in (wanted, *(f"{wanted[: MOST_KEY - 3]}-{n}" for n in range(2, 99)))
        if name not in taken
    )
