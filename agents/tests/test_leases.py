"""Who works on a step: exactly one worker, and never one that was given up."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from agents import executions, leases
from agents.leases import LostLease
from agents.models import Step
from tenants.task_scope import task_scope


def opened(request="Say hello"):
    with transaction.atomic():
        execution = executions.open_execution(request, ceiling_micros=0, requested_by="user:test")
    return execution, execution.steps.get(key="plan")


def expire(step):
    Step.objects.filter(pk=step.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_it_gives_a_step_to_one_worker(tenant):
    """A duplicate message finds the step taken."""
    _, step = opened()
    held = leases.claim(tenant.pk, step.pk)
    assert held.fence == 1
    assert leases.claim(tenant.pk, step.pk) is None


def test_it_does_not_give_a_step_to_another_tenant(tenant, other_tenant, in_tenant):
    """The neighbour's worker cannot claim it."""
    _, step = opened()
    with in_tenant(other_tenant):
        assert leases.claim(other_tenant.pk, step.pk) is None


def test_it_gives_a_step_of_a_dead_worker_to_the_next(tenant):
    """After the lease the fence rises, and the first worker can write nothing any more."""
    _, step = opened()
    first = leases.claim(tenant.pk, step.pk)
    expire(step)
    second = leases.claim(tenant.pk, step.pk)
    assert second.fence == first.fence + 1
    with pytest.raises(LostLease):
        leases.renew(first)
    assert first.lost.is_set()
    with pytest.raises(LostLease):
        executions.complete(first, {"success": True, "confidence": 9}, told={})
    with pytest.raises(LostLease):
        executions.fail(first, "too late")
    with pytest.raises(LostLease):
        executions.retry(first, "too late", after_s=0)
    leases.renew(second)


def test_it_never_runs_a_completed_step_again(tenant):
    """A message that comes after the end claims nothing."""
    _, step = opened()
    held = leases.claim(tenant.pk, step.pk)
    executions.complete(held, {"success": True, "confidence": 9}, told={})
    assert leases.claim(tenant.pk, step.pk) is None


def test_it_waits_until_a_retry_is_due(tenant):
    """A step that was given back is claimed only when its time has come, by the database's clock."""
    _, step = opened()
    held = leases.claim(tenant.pk, step.pk)
    executions.retry(held, "busy", after_s=3600)
    assert leases.claim(tenant.pk, step.pk) is None
    Step.objects.update(run_after=timezone.now() - timedelta(minutes=10))
    assert leases.claim(tenant.pk, step.pk).fence == 2
    step.refresh_from_db()
    assert (step.errors, step.attempt, step.error) == (1, 2, "busy")


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_it_keeps_a_lease_beyond_its_length(tenant, monkeypatch):
    """The heartbeat renews the lease from its own connection while the work goes on."""
    monkeypatch.setattr(leases, "LEASE_S", 0.6)
    monkeypatch.setattr(leases, "BEAT_S", 0.1)
    _, step = opened()
    held = leases.claim(tenant.pk, step.pk)
    first = Step.objects.get().lease_until
    renewed = threading.Event()
    with leases.kept(held):
        for _ in range(100):
            if Step.objects.get().lease_until > first + timedelta(seconds=0.6):
                renewed.set()
                break
            renewed.wait(0.05)
    assert renewed.is_set()


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_it_tells_the_worker_of_a_cancellation(tenant, monkeypatch):
    """Who works on a cancelled step learns it within a heartbeat."""
    monkeypatch.setattr(leases, "BEAT_S", 0.05)
    execution, step = opened()
    held = leases.claim(tenant.pk, step.pk)
    with leases.kept(held):
        with transaction.atomic():
            executions.cancel_steps(execution.pk)
        assert held.lost.wait(5)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_it_rings_for_what_nobody_answered(tenant):
    """Due are: a message never answered, a dead worker's step; not due: a fresh message, a living worker."""
    _, step = opened()
    assert leases.due() == []
    Step.objects.update(rung=timezone.now() - timedelta(seconds=leases.RING_S + 1))
    assert leases.due() == [(tenant.pk, step.pk, True)]
    assert leases.due() == []
    leases.claim(tenant.pk, step.pk)
    assert leases.due() == []
    expire(step)
    assert leases.due() == [(tenant.pk, step.pk, False)]
    assert Step.objects.get().state == Step.State.READY


@pytest.mark.django_db(transaction=True)
def test_it_gives_a_step_to_one_of_many_at_once(tenant):
    """Sixteen workers ring at the same door; one enters."""
    _, step = opened()
    claims, gate = [], threading.Barrier(16)

    def worker():
        try:
            with task_scope(tenant.pk):
                gate.wait()
                claims.append(leases.claim(tenant.pk, step.pk))
        finally:
            connection.close()

    workers = [threading.Thread(target=worker) for _ in range(16)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert len(claims) == 16
    assert len([held for held in claims if held]) == 1
