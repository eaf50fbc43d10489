"""Canary and blue-green: traffic in steps, with a look between them, and a way out."""

import pytest

from deployments.launch import launch
from deployments.models import Deployment
from deployments.tests.plain_world import plain_world, run
from miosa.http.problem import Unprocessable

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
State = Deployment.State


@pytest.fixture
def world(tenant, tmp_path):
    with plain_world(tmp_path / "plain", health_deadline_s=1) as made:
        run(launch(made.project, made.release(), target="plain", requested_by="user:test"))
        service = made.service()
        service.settings = {"canary_hold_s": 0.05}
        service.save()
        made.target.state.set(calls=[])
        yield made


def launched(world, strategy):
    return launch(world.project, world.release(), target="plain", strategy=strategy, requested_by="user:test")


def test_it_gives_traffic_in_steps(world):
    """Ten, fifty, a hundred per cent, each held and looked at."""
    row = run(launched(world, "canary"))
    assert row.state == State.LIVE
    assert world.calls("promote") == [f"{row.pk} {share}" for share in (10, 50, 100)]


def test_it_stops_a_canary_that_turns_bad(world):
    """At ten per cent it turns bad: it gets nothing more, what it had is taken back, and the old one serves."""
    service = world.service()
    service.settings = {"canary_hold_s": 30}
    service.save()
    row = launched(world, "canary")
    from uuid import UUID

    from deployments.lifecycle.advance import advance

    advance(UUID(str(row.tenant_id)), row.pk)
    row.refresh_from_db()
    assert (row.state, row.percent) == (State.RELEASING, 10)
    world.target.state.answers(str(row.pk), 500)
    run(row)
    assert row.state == State.FAILED
    assert row.reason.startswith("Stopped at 10 % of the traffic: / answered 500")
    assert world.calls("promote")[-1] == f"{row.pk} 0"
    assert world.target.state.read()["deployments"][str(row.pk)]["phase"] == "canceled"
    assert Deployment.objects.get(state=State.LIVE).pk == world.service().current_id


def test_blue_green_is_one_step(world):
    """The new one is looked at beside the old one and then gets everything."""
    row = run(launched(world, "blue_green"))
    assert row.state == State.LIVE
    assert world.calls("promote") == [f"{row.pk} 100"]


@pytest.mark.parametrize("strategy", ["canary", "blue_green"])
def test_it_refuses_what_the_target_cannot(world, strategy):
    """A target without candidates takes neither, and says what to choose instead."""
    world.target.state.set(can={"candidate": False, "canary": False})
    with pytest.raises(Unprocessable, match="choose direct"):
        launched(world, strategy)
