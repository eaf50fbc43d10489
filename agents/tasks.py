"""The door between processes: load the scope, call the work, ring for what it returned.

A message is only a doorbell. One that is lost is rung again from its row, so a broker that is away
costs time and loses nothing.
"""

import logging
from typing import Any
from uuid import UUID

from celery import current_app, shared_task
from celery.worker import state as worker
from django.db import InterfaceError, OperationalError, connection, connections
from kombu.exceptions import OperationalError as BrokerAway

from agents import improvement, leases, memory, orchestrator, proposals, proving
from tenants.task_scope import ends_with_its_tenant, task_scope

logger = logging.getLogger(__name__)
FIRST, LAST = 0, 5  # of the steps of priority that the broker knows
# While the broker holds so many, a new task is not rung for again: most were only not reached yet, and ringing would add to
# them for ever. One whose message was lost is rung for when there are fewer.
MOST_WAITING = 200


@shared_task(name="agents.run_step")
@ends_with_its_tenant
def run_step(tenant_id: str, step_id: str) -> None:
    try:
        with task_scope(tenant_id):
            _go_on(tenant_id, UUID(step_id))
    except (OperationalError, InterfaceError):
        logger.warning("The database went away; step %s is rung again", step_id)
        connection.close()


def _go_on(tenant_id: str, step_id: UUID) -> None:
    """Work on a step and then on one that it made ready.

    The others are rung for first, so branches run side by side. A worker that is to stop rings instead of going on.
    """
    for followup in orchestrator.work_through(UUID(tenant_id), step_id, goes_on=_goes_on):
        follow(tenant_id, followup)


def _goes_on() -> bool:
    """Celery keeps the exit code there, and 0 is one."""
    said: int | bool | None = getattr(worker, "should_stop")  # noqa: B009  it is another one at each look
    return said is None or said is False


@shared_task(name="agents.study")
@ends_with_its_tenant
def study(tenant_id: str, lesson_id: str) -> None:
    with task_scope(tenant_id):
        improvement.study(UUID(lesson_id))


@shared_task(name="agents.improve")
@ends_with_its_tenant
def improve(tenant_id: str, proposal_id: str) -> None:
    with task_scope(tenant_id):
        proving.go_on(UUID(proposal_id))


@shared_task(name="agents.ring_proposals")
def ring_proposals() -> None:
    try:
        for tenant_id, proposal_id in proposals.due():
            ring(improve, tenant_id, proposal_id, priority=LAST)
    except (OperationalError, InterfaceError):
        connections["platform"].close()


@shared_task(name="agents.ring_due")
def ring_due() -> None:
    try:
        for one in leases.due(also_new=_waiting() < MOST_WAITING):
            ring_step(one.tenant_id, one.step_id, is_new=one.is_new)
        for tenant_id, lesson_id in improvement.due():
            ring(study, tenant_id, lesson_id, priority=LAST)
    except (OperationalError, InterfaceError):
        connections["platform"].close()


@shared_task(name="agents.sweep_memories")
def sweep_memories() -> None:
    try:
        memory.sweep()
    except (OperationalError, InterfaceError):
        logger.warning("The database is away; expired memories are swept later")
        connections["platform"].close()


def _waiting() -> int:
    """Return how many messages the broker holds; 0 where it is away, or has none."""
    with current_app.connection_for_write() as broker:
        try:
            channel: Any = broker.channel()
            return int(channel.queue_declare(current_app.conf.task_default_queue, passive=True).message_count)
        except (*broker.connection_errors, *broker.channel_errors):
            return 0


def follow(tenant_id: UUID | str, followup: orchestrator.Followup) -> None:
    """Ring for what the work returned."""
    for step_id in followup.steps:
        ring_step(tenant_id, step_id)
    for lesson_id in followup.lessons:
        ring(study, tenant_id, lesson_id, priority=LAST)  # nobody waits for it
    for step_id, after_s in followup.later:
        ring_step(tenant_id, step_id, after_s=after_s)


def ring_step(tenant_id: UUID | str, step_id: UUID, *, after_s: float = 0, is_new: bool = False) -> None:
    """Call a worker to a step; to one of a new execution after those of what has begun, however many are handed in."""
    ring(run_step, tenant_id, step_id, after_s=after_s, priority=LAST if is_new else FIRST)


def ring(
    task: object, tenant_id: UUID | str, row_id: UUID, *, after_s: float = 0, priority: int = FIRST
) -> None:
    """Send one message; a broker that is away is no error, since the row rings again."""
    ids = (str(tenant_id), str(row_id))
    options = {"countdown": after_s or None, "priority": priority, "ignore_result": True, "retry": False}
    try:
        task.apply_async(ids, **options)  # type: ignore[attr-defined]
    except (BrokerAway, ConnectionError, TimeoutError):
        logger.warning("The broker is away; row %s is rung again", row_id)
