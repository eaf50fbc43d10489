"""How a release comes alive on a target, and what is written of it."""

import pytest

from deployments.launch import launch
from deployments.models import Deployment, DeploymentEvent
from deployments.tests.plain_world import plain_world, run

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
State = Deployment.State


@pytest.fixture
def world(tenant, tmp_path):
    with plain_world(tmp_path / "plain") as made:
        yield made


def test_it_works(world):
    """A release is launched, checked before it has traffic and after, and serves."""
    row = run(launch(world.project, world.release(), target="plain", requested_by="user:test"))
    assert (row.state, row.percent, row.reason) == (State.LIVE, 100, "")
    service = world.service()
    assert (service.current_id, service.health, service.url) == (row.pk, "healthy", row.url)
    kinds = [(e.kind, e.data.get("state")) for e in DeploymentEvent.objects.order_by("number")]
    assert kinds == [
        ("state", "queued"),
        ("state", "building"),
        ("state", "releasing"),
        ("health", None),
        ("promoted", None),
        ("health", None),
        ("state", "live"),
    ]
