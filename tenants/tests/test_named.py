"""Actors of rows, by the names that people know them by."""

from uuid import uuid4

import pytest

from miosa.pg.platform import platform
from tenants import api_keys
from tenants.models import User
from tenants.named import named, names_of

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def test_people_keys_and_agents_have_names(tenant, django_assert_num_queries):
    """Two queries however many; whoever is gone, and what is no id, stays as it is written."""
    key, _ = api_keys.make("nightly", scopes=["executions:read"])
    gone = f"user:{uuid4()}"
    with platform():
        ann = User.objects.create_user("ann@miosa.example")
        actors = {
            f"staff:{ann.pk}",
            f"user:{ann.pk}",
            f"key:{key.pk}",
            "agent:deployment",
            "system",
            gone,
            "user:test",
        }
        with django_assert_num_queries(2, using="platform"):
            names = names_of(actors)
        assert named("system") == "MIOSA itself"
    assert names == {
        f"staff:{ann.pk}": "ann@miosa.example",
        f"user:{ann.pk}": "ann@miosa.example",
        f"key:{key.pk}": "the key nightly",
        "agent:deployment": "the agent deployment",
        "system": "MIOSA itself",
        gone: gone,
        "user:test": "user:test",
    }
