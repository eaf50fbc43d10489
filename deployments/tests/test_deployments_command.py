"""`manage.py deployments`: found by a word, done, waited for, told."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from deployments.launch import launch
from deployments.models import Approval, Deployment
from deployments.tests.plain_world import plain_world, run
from miosa.testing.fixtures import open_tenant

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def world(tenant, tmp_path):
    with plain_world(tmp_path / "plain") as made:
        yield made


def said(*words):
    out = io.StringIO()
    call_command("deployments", *map(str, words), stdout=out)
    return out.getvalue()


def live(world):
    return run(launch(world.project, world.release(), target="plain", requested_by="user:test"))


def test_it_rolls_back_and_waits(world):
    """To the release before, or to the one that is named; the address is told."""
    live(world), live(world), live(world)
    told = said("rollback", "shop")
    assert "from release 3 back to release 2" in told
    assert "release 2 of shop serves: http" in told
    assert "release 1 of shop serves" in said("rollback", "shop", "--to", 1)
    assert "can go back to release 2" in said("show")
    assert "from release 1 back to release 2" in said("rollback"), "the only one need not be named"
    assert Deployment.objects.filter(kind="rollback").count() == 3


def test_it_says_what_it_cannot_do(world):
    """Nothing of that name, nothing before, a release that never served."""
    with pytest.raises(CommandError, match="called nothing"):
        said("rollback", "nothing")
    live(world)
    with pytest.raises(CommandError, match="No earlier release"):
        said("rollback", "shop")
    with pytest.raises(CommandError, match="Release 9 never served"):
        said("rollback", "shop", "--to", 9)
    with pytest.raises(CommandError, match="no tenant"):
        said("list", "--tenant", "nobody")


def test_it_shows_and_lists(world):
    """A service by its project, by its name, by its id, by a deployment's id; and the log."""
    row = live(world)
    for word in ("shop", row.service.name, row.service_id, row.pk):
        assert "active, healthy" in said("show", word)
    assert str(row.pk) in said("list")
    assert "building release 1" in said("logs", row.pk)


def test_it_suspends_and_resumes(world):
    """Told to the target before it returns."""
    row = live(world)
    assert said("suspend", "shop").strip().endswith("suspended")
    assert world.target.state.read()["services"][row.service.name]["state"] == "suspended"
    assert said("resume", "shop").strip().endswith("active")


def test_it_decides_and_cancels(world):
    """The effect is printed, the deployment goes; another is canceled."""
    made = launch(
        world.project, world.release(), target="plain", environment="production", requested_by="user:test"
    )
    asked = Approval.objects.get()
    told = said("approve", asked.pk)
    assert "environment  production" in told
    assert "approved" in told
    assert run(made).state == "live"
    other = launch(world.project, world.release(), target="plain", requested_by="user:test")
    assert "canceled" in said("cancel", other.pk)


def test_two_of_a_name_are_told_apart(world, tmp_path):
    """Another tenant's project of the same name is asked for by its tenant."""
    from django_tenants.utils import tenant_context

    live(world)
    with tenant_context(open_tenant("globex")), plain_world(tmp_path / "other") as theirs:
        live(theirs)
        with pytest.raises(CommandError, match="Several are meant"):
            said("show", "shop")
        assert "globex" in said("show", "shop", "--tenant", "globex")
