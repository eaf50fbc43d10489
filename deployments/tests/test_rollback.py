"""Going back: by itself when a release is bad, and by hand; always forward in the rows."""

import pytest

from deployments.launch import launch
from deployments.lifecycle import watching
from deployments.models import Deployment, Service
from deployments.tests.plain_world import plain_world, run

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
State = Deployment.State


@pytest.fixture
def world(tenant, tmp_path):
    with plain_world(tmp_path / "plain", health_deadline_s=1) as made:
        yield made


def deployed(world, **release):
    return run(launch(world.project, world.release(**release), target="plain", requested_by="user:test"))


def test_a_bad_candidate_never_gets_traffic(world):
    """Where a candidate can be looked at first, the old release serves on and nothing has to go back."""
    good, bad = deployed(world), deployed(world, status=500)
    good.refresh_from_db()
    assert (good.state, bad.state, bad.percent) == (State.LIVE, State.FAILED, 0)
    assert "did not become healthy" in bad.reason
    assert "answered 500, expected 200" in bad.reason
    assert world.service().current_id == good.pk
    assert Deployment.objects.count() == 2


def test_it_goes_back_by_itself_and_says_why(world):
    """Where the target gives traffic at once, a bad release is rolled back to the last healthy one."""
    can = world.target.state.read()["can"]
    world.target.state.set(can={**can, "candidate": False, "canary": False})
    good, bad = deployed(world), deployed(world, status=500)
    back = Deployment.objects.get(caused_by_id=bad.pk)
    good.refresh_from_db()
    assert bad.state == State.FAILED
    assert "It is rolled back to release 1." in bad.reason
    assert (back.state, back.kind, back.back_to_id, back.release_id) == (
        State.LIVE, "rollback", good.pk, good.release_id,
    )  # fmt: skip
    assert "Rolled back by itself from release 2" in back.reason
    assert "answered 500" in back.reason
    assert (good.state, world.service().current_id) == (State.SUPERSEDED, back.pk)
    assert world.calls("rollback") == [str(back.pk)]


def test_it_says_that_there_is_nothing_to_go_back_to(world):
    """The first release of a service that is bad fails, and is taken from the net."""
    can = world.target.state.read()["can"]
    world.target.state.set(can={**can, "candidate": False, "canary": False})
    bad = deployed(world, status=500)
    assert bad.state == State.FAILED
    assert "There is no earlier healthy release to roll back to." in bad.reason
    assert Deployment.objects.count() == 1
    assert world.calls("promote")[-1] == f"{bad.pk} 0"


def sick(world, row):
    """Let a live deployment answer badly from now on, and be looked at until that is believed."""
    world.target.state.answers(str(row.pk), 500)
    following = []
    for _ in range(3):
        following += watching.look(world.service().pk)
    return following


def test_it_goes_back_within_the_bake(world):
    """What turns unhealthy soon after it went live is rolled back; what it replaced serves again."""
    good, bad = deployed(world), deployed(world)
    (pk,) = sick(world, bad)
    back = run(Deployment.objects.get(pk=pk))
    bad.refresh_from_db()
    assert (back.state, back.release_id, back.caused_by_id) == (State.LIVE, good.release_id, bad.pk)
    assert bad.state == State.SUPERSEDED
    assert "turned unhealthy within 60 s" in bad.reason
    assert world.service().health == Service.Health.HEALTHY


def test_it_does_not_go_back_from_a_way_back(world):
    """When the release it went back to turns bad as well, it is unhealthy and stays: no see-saw."""
    deployed(world)
    (pk,) = sick(world, deployed(world))
    back = run(Deployment.objects.get(pk=pk))
    assert sick(world, back) == []
    assert world.service().health == Service.Health.UNHEALTHY


def test_it_stays_after_the_bake(world, monkeypatch):
    """Long after it went live an unhealthy service is told of, and nothing is rolled back by itself."""
    from deployments.lifecycle import pace

    deployed(world)
    late = deployed(world)
    monkeypatch.setattr(pace, "BAKE_S", 0.0)
    assert sick(world, late) == []
    assert world.service().health == Service.Health.UNHEALTHY
