"""What a target may do to a deployment: lose answers, be busy, refuse, forget, build slowly, build in vain."""

import pytest

from deployments.launch import launch
from deployments.lifecycle import pace
from deployments.models import Deployment, DeploymentLog
from deployments.tests.plain_world import plain_world, run

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
State = Deployment.State


@pytest.fixture
def world(tenant, tmp_path):
    with plain_world(tmp_path / "plain") as made:
        yield made


def launched(world, **release):
    return launch(world.project, world.release(**release), target="plain", requested_by="user:test")


@pytest.mark.parametrize("method", ["apply", "status", "promote"])
@pytest.mark.parametrize("kind", ["lost", "busy", "unavailable"])
def test_it_asks_again_until_the_target_answers(world, method, kind):
    """However an answer gets lost, one deployment is made at the target and comes alive."""
    world.target.state.fault(method, kind, times=3)
    row = run(launched(world))
    assert (row.state, row.errors) == (State.LIVE, 0)
    assert list(world.target.state.read()["deployments"]) == [str(row.pk)]
    assert set(world.calls("apply")) == {str(row.pk)}


@pytest.mark.parametrize("method", ["apply", "status", "promote"])
def test_it_says_why_a_target_refused(world, method):
    """A refusal ends it at once, with the target's own words."""
    world.target.state.fault(method, "refused")
    row = run(launched(world))
    assert row.state == State.FAILED
    assert row.reason.startswith(f"scripted: {method} is refused")
    assert row.finished is not None


def test_it_makes_anew_what_the_target_lost(world):
    """A deployment that is gone at the target while it is worked on is made once more under the same key."""
    world.target.state.fault("status", "gone")
    row = run(launched(world))
    assert row.state == State.LIVE
    assert world.calls("apply") == [str(row.pk)] * 2


def test_it_gives_up_on_a_target_that_keeps_losing(world):
    """Twice lost is failed, and says so."""
    world.target.state.fault("status", "gone", times=2)
    row = run(launched(world))
    assert row.state == State.FAILED
    assert "has lost it" in row.reason


def test_it_gives_up_on_a_target_that_never_answers(world, monkeypatch):
    """After so long without an answer it is failed."""
    monkeypatch.setattr(pace, "UNREACHABLE_S", 0.2)
    world.target.state.fault("status", "unavailable", times=1_000)
    row = run(launched(world))
    assert row.state == State.FAILED
    assert row.reason.startswith("The target did not answer for")


def test_it_waits_for_a_slow_build(world):
    """A build that takes many looks is waited for."""
    world.target.state.set(build_looks=25)
    assert run(launched(world)).state == State.LIVE
    assert len(world.calls("status")) > 25


def test_it_ends_a_build_that_takes_too_long(world):
    """A build beyond its deadline is called off at the target."""
    world.target.state.set(build_looks=1_000)
    row = launched(world)
    service = world.service()
    service.settings = {"build_deadline_s": 0.3}
    service.save()
    run(row)
    assert row.state == State.FAILED
    assert row.reason.startswith("It was not up 0 s after it was begun")
    assert world.target.state.read()["deployments"][str(row.pk)]["phase"] == "canceled"


def test_it_survives_a_plug_in_that_breaks(world):
    """What nobody foresaw in a target's code ends the deployment with a sentence, and no worker."""
    world.target.apply = None
    row = run(launched(world))
    assert row.state == State.FAILED
    assert "TypeError" in row.reason


def test_it_keeps_the_log_without_secrets(world):
    """The target's lines are kept in order; values of variables are hidden in them."""
    from deployments import variables

    variables.put(world.project, {"API_TOKEN": "very-secret-value"})
    row = run(launched(world))
    lines = list(
        DeploymentLog.objects.filter(deployment=row).order_by("number").values_list("number", "text")
    )
    assert lines == [(1, "building release 1"), (2, "API_TOKEN=[hidden]")]
    assert (row.log_lines, row.log_cursor) == (2, "2")
