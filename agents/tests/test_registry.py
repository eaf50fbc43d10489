"""An agent's standing equals the SQL aggregates over its steps, whoever asks and after any restart."""

from datetime import timedelta

from django.db import connection
from django.db.models import F

from agents import executions, leases, registry
from agents.models import Step


def ended(tenant, *, confidence=8, success=True, ms=100, failed=False):
    execution = executions.open_execution("Do it", ceiling_micros=0, requested_by="user:test")
    step = execution.steps.get()
    Step.objects.filter(pk=step.pk).update(agent="quality")
    held = leases.claim(tenant.pk, step.pk)
    if failed:
        executions.fail(held, "broken")
    else:
        executions.complete(held, {"success": success, "confidence": confidence, "execution_ms": ms}, told={})


def test_it_starts_at_nothing(tenant):
    """Before the first result there are no means, not zeros."""
    standing = registry.standing("quality")
    assert (standing.total, standing.mean_confidence, standing.mean_ms) == (0, None, None)


def test_it_equals_the_aggregates(tenant):
    """Totals, successes and means are those of the table; a step that failed counts as failed."""
    for values in (
        {"confidence": 9, "ms": 100},
        {"confidence": 4, "success": False, "ms": 300},
        {"failed": True},
    ):
        ended(tenant, **values)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE success), avg(confidence)::float, avg(execution_ms)::float"
            " FROM agents_step WHERE agent = 'quality' AND state IN ('completed', 'failed')"
        )
        total, successful, confidence, ms = cursor.fetchone()
    standing = registry.standing("quality")
    assert (standing.total, standing.successful, standing.failed) == (total, successful, total - successful)
    assert (standing.mean_confidence, standing.mean_ms) == (confidence, ms) == (6.5, 200.0)


def test_it_counts_the_last_steps_of_each_agent_alone(tenant, monkeypatch):
    """What lies further back says nothing of today, and is not read: the newest count, whatever never ended aside."""
    for sure in (1, 8, 9):
        ended(tenant, confidence=sure)
    Step.objects.filter(agent="quality").update(finished=F("finished") + F("confidence") * timedelta(hours=1))
    ended(tenant, confidence=2)  # the oldest of those that have ended
    executions.open_execution("Do it", ceiling_micros=0, requested_by="user:test")
    Step.objects.filter(state="ready").update(agent="quality")
    monkeypatch.setattr(registry, "LAST", 2)
    standing = registry.standings()["quality"]
    assert (standing.total, standing.mean_confidence) == (2, 8.5)


def test_it_keeps_tenants_apart(tenant, other_tenant, in_tenant):
    """The neighbour's agents have a standing of their own."""
    ended(tenant)
    with in_tenant(other_tenant):
        assert registry.standings() == {}
