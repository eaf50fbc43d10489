"""What a message could ask a worker for: an id of the victim's under the attacker's tenant finds nothing to do."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django_tenants.utils import tenant_context

from agents import control, leases, tasks
from agents.models import Execution, Lesson, Step
from miosa.doctor.attack import Attack, Found, Ground, Missed
from miosa.doctor.checksum import checksum
from miosa.doctor.requests import undone
from miosa.http.problem import NotFound

SURFACE = "queues"
# The victim's rows wait for a worker, and nobody but this transaction sees that they do.
READY = "UPDATE agents_step SET state = 'ready', run_after = now() - interval '1 hour', rung = now() WHERE id = %s"
QUEUED = "UPDATE agents_lesson SET state = 'queued', rung = now() WHERE id = %s"
BEGUN = "UPDATE agents_execution SET state = 'in_progress', finished = NULL WHERE id = %s"


def attacks(ground: Ground) -> Found:
    """Claim, run, study and cancel across the wall, each in a transaction that is rolled back."""
    rows = ground.victim.rows
    if not {Step, Lesson, Execution} <= set(rows):
        yield Missed(SURFACE, "agents", "the victim has no execution with a step and a lesson")
        return
    step, lesson, execution = rows[Step].pk, rows[Lesson].pk, rows[Execution].pk
    own = ground.attacker.tenant.pk
    with undone("default"):
        _sent(ground, READY, step)
        with tenant_context(ground.victim.tenant):
            if leases.claim(ground.victim.tenant.pk, step) is None:
                yield Missed(SURFACE, "agents.leases", "the victim's own worker cannot claim the step")
    for target, name, waiting, work in (
        ("agents.leases", "claim the victim's step", (READY, step), lambda: leases.claim(own, step)),
        ("agents.run_step", "a message with the victim's step", (READY, step), lambda: _run(own, step)),
        ("agents.study", "a message with the victim's lesson", (QUEUED, lesson), lambda: _study(own, lesson)),
        (
            "agents.control",
            "cancel the victim's execution",
            (BEGUN, execution),
            lambda: _cancel(execution),
        ),
    ):
        got, changed = _worked(ground, waiting, work)
        yield Attack(
            SURFACE, target, name, got is not None or changed, "changed" if changed else f"{got or 'nothing'}"
        )


def _worked(ground: Ground, waiting: tuple[str, Any], work: Callable[[], object]) -> tuple[object, bool]:
    """Return what comes back, and whether the victim's rows are others then."""
    with undone("default"):
        _sent(ground, *waiting)
        before = checksum(ground)
        with tenant_context(ground.attacker.tenant):
            got = work()
        return got, checksum(ground) != before


def _sent(ground: Ground, sql: str, row_id: Any) -> None:
    with tenant_context(ground.victim.tenant), connection.cursor() as cursor:
        cursor.execute(sql, [row_id])


def _run(tenant_id: Any, step_id: Any) -> None:
    tasks.run_step(str(tenant_id), str(step_id))


def _study(tenant_id: Any, lesson_id: Any) -> None:
    tasks.study(str(tenant_id), str(lesson_id))


def _cancel(execution_id: Any) -> object:
    try:
        return control.cancel(execution_id)
    except NotFound:
        return None
