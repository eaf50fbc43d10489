"""A worker dies in a step that brings something online: one project, one release, one question, one deployment."""

from contextlib import suppress

import pytest

from agents.contract import Freight, NotYet, Shipping
from agents.tests.dying import Doomed, every_death, mortal
from agents.tests.dying_world import nobody_before
from agents.tests.tool_scene import again, begun
from deployments import approvals, steering
from deployments.models import Approval, Deployment, Project, Release
from deployments.tests import plain_world

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
MOST_ROUNDS, STRIDE = 20, 4
SHIPPING = Shipping(target="plain", environment="preview")
FREIGHT = Freight(
    name="Sea",
    description="a page",
    files={"index.html": "release 1", "status.txt": "200"},
    recipe=plain_world.RECIPE,
)


def meanwhile():
    """Somebody says yes to what is asked, and machines deploy what is accepted."""
    for row in approvals.pending():
        steering.decide(row.pk, approve=True, digest=row.digest, actor="user:boss")
    for row in Deployment.objects.filter(state="queued"):
        plain_world.run(row)


def shipped(tenant, worker):
    """Bring it online with a worker that may die, and others after it; return what came of it."""
    step = begun(tenant).step
    for _ in range(MOST_ROUNDS):
        bench = again(tenant, step)
        with mortal(worker), suppress(NotYet):
            return bench.ship(FREIGHT, SHIPPING)
        worker = Doomed() if worker.last else worker
        meanwhile()
    raise AssertionError("It is never online.")


def test_what_was_made_goes_online_once(tenant, tmp_path):
    """Whoever goes on finds what is there: by the execution, by the exact effect, by the approval."""

    def run(doomed):
        with nobody_before() as made:
            assert shipped(made, doomed).live, doomed
            there = [kind.objects.count() for kind in (Project, Release, Approval, Deployment)]
            assert there == [1, 1, 1, 1], doomed

    with plain_world.plain_world(tmp_path):
        assert every_death(run, stride=STRIDE) > 10
