"""kill -9 of a real worker at every step: another one goes on, and there is one deployment, one that serves, nothing lost."""

import threading

import pytest
from django.db import connections

from deployments import steering
from deployments.launch import launch
from deployments.models import Deployment, Service
from deployments.tests.killed_worker import exit_of, leases_run_out, start
from deployments.tests.plain_world import plain_world, run
from miosa.testing.fixtures import open_tenant
from tenants.task_scope import task_scope

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
State = Deployment.State
KILLS = ("die_before", "die_after")


@pytest.fixture
def world(tenant, tmp_path):
    with plain_world(tmp_path / "plain") as made:
        yield made


def launched(world, **release):
    return launch(world.project, world.release(**release), target="plain", requested_by="user:test")


def killed(world):
    """Let a worker work until its target kills it."""
    code, said = exit_of(start(world))
    assert code == -9, said
    leases_run_out()


def at_target(world):
    """The target's deployments by id, and which one has the traffic."""
    known = world.target.state.read()
    (service,) = known["services"].values()
    return known["deployments"], service["live"]


@pytest.mark.parametrize("kill", KILLS)
@pytest.mark.parametrize("method", ["apply", "status", "promote", "logs"])
def test_another_worker_goes_on(world, method, kill):
    """Before the target did it and after: one service, one deployment under one key, and it serves."""
    row = launched(world)
    world.target.state.fault(method, kill)
    killed(world)
    row = run(row)
    assert row.state == State.LIVE, row.reason
    made, live = at_target(world)
    assert (list(made), live) == ([str(row.pk)], str(row.pk))
    assert world.service().current_id == row.pk
    assert Service.objects.count() == 1


@pytest.mark.parametrize("kill", KILLS)
def test_a_second_release_takes_over_all_the_same(world, kill):
    """What served before is superseded once, by the one that lives."""
    first = run(launched(world))
    second = launched(world)
    world.target.state.fault("promote", kill)
    killed(world)
    second = run(second)
    first.refresh_from_db()
    assert (first.state, second.state) == (State.SUPERSEDED, State.LIVE)
    assert at_target(world)[1] == str(second.pk)
    assert Deployment.objects.filter(state=State.LIVE).count() == 1


@pytest.mark.parametrize("kill", KILLS)
def test_a_rollback_goes_on(world, kill):
    """Killed on the way back: the last healthy release serves, by one rollback and no more."""
    can = world.target.state.read()["can"]
    world.target.state.set(can={**can, "candidate": False, "canary": False})
    good = run(launched(world))
    bad = launched(world, status=500)
    world.target.state.fault("rollback", kill)
    killed(world)
    for row in Deployment.objects.exclude(pk=good.pk):
        run(row)
    bad.refresh_from_db()
    back = Deployment.objects.get(caused_by_id=bad.pk)
    assert (bad.state, back.state, back.release_id) == (State.FAILED, State.LIVE, good.release_id)
    assert world.service().current_id == back.pk
    assert Deployment.objects.filter(state=State.LIVE).count() == 1
    assert Deployment.objects.count() == 3


@pytest.mark.parametrize("kill", KILLS)
def test_a_cancellation_goes_on(world, kill):
    """Killed while it calls off: it is canceled, and has no traffic."""
    row = launched(world)
    world.target.state.set(build_looks=1_000)
    world.target.state.fault("cancel", kill)
    worker = start(world)
    try:
        assert _until(lambda: Deployment.objects.get(pk=row.pk).external_id)
        steering.cancel(row.pk, actor="user:test")
    finally:
        code, said = exit_of(worker)
    assert code == -9, said
    leases_run_out()
    row = run(row)
    assert row.state == State.CANCELED
    assert not at_target(world)[1]


def test_workers_that_die_without_end_end_it(world):
    """A release at which every worker dies is given up, and says so."""
    row = launched(world)
    Deployment.objects.filter(pk=row.pk).update(attempt=10)
    world.target.state.fault("status", "die_before")
    killed(world)
    row = run(row)
    assert row.state == State.FAILED
    assert "workers died at it" in row.reason


def _until(condition):
    from miosa.embedded.processes import until

    return until(condition, timeout_s=20)


def test_twenty_at_once_are_one_after_another(world):
    """Twenty people launch twenty releases on one service in the same moment: one serves, the newest; none is stuck."""
    made = [world.release() for _ in range(20)]
    found, refused = [], []

    def asks(release):
        try:
            with task_scope(world.project.tenant_id):
                found.append(launch(world.project, release, target="plain", requested_by="user:test").pk)
        except Exception as error:  # noqa: BLE001  told below
            refused.append(str(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=asks, args=(release,)) for release in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    workers = [start(world) for _ in range(2)]
    for worker in workers:
        code, said = exit_of(worker)
        assert code == 0, said
    rows = Deployment.objects.order_by("created", "pk")
    states = {row.state for row in rows}
    assert states == {State.LIVE, State.SUPERSEDED}
    live = rows.get(state=State.LIVE)
    assert live == rows.last()
    assert at_target(world)[1] == str(live.pk)
    assert Service.objects.count() == 1
    assert not Deployment.objects.filter(
        lease_until__isnull=False, state__in=(State.LIVE, State.SUPERSEDED)
    ).exists()


def test_tenants_deploy_side_by_side(world, tmp_path):
    """Another tenant's worker sees nothing of it, and both serve what is theirs."""
    mine = launched(world)
    other = open_tenant("globex")
    with task_scope(other.pk), plain_world(tmp_path / "other") as theirs:
        row = launched(theirs)
        code, said = exit_of(start(theirs))
        assert code == 0, said
        row.refresh_from_db()
        assert row.state == State.LIVE
        assert list(at_target(theirs)[0]) == [str(row.pk)]
    mine.refresh_from_db()
    assert mine.state == State.QUEUED
