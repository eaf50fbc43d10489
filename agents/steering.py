"""An execution is paused and goes on: what runs ends its step, and nothing begins meanwhile. Writes in the caller's transaction."""

from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.utils import timezone

from agents.models import Execution, Step
from agents.telling import tell


def pause(execution: Execution) -> None:
    """Let no step begin any more; those that run end first. The row is locked by the caller."""
    execution.paused = timezone.now()
    execution.save(update_fields=["paused"])
    Step.objects.filter(execution_id=execution.pk, state=Step.State.READY).update(state=Step.State.HELD)
    tell(execution.pk, "task_paused")


def resume(execution: Execution) -> list[UUID]:
    """Let it go on; return the ids of the steps to ring for."""
    execution.paused = None
    execution.save(update_fields=["paused"])
    held = Step.objects.filter(execution_id=execution.pk, state=Step.State.HELD)
    ids = list(held.values_list("pk", flat=True))
    held.update(state=Step.State.READY, run_after=TransactionNow(), rung=TransactionNow())
    tell(execution.pk, "task_resumed")
    return ids
