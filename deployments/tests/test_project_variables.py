"""Variables of a project's environments: sealed, layered, never shown."""

import pytest

from deployments import projects, variables
from miosa.http.problem import Conflict, NotFound, Unprocessable
from tenants.models import AuditEntry, StoredSecret


@pytest.fixture
def project(tenant):
    return projects.create(name="Shop", created_by="user:test")


def test_an_environments_own_value_wins(project):
    """Over the one for all; other environments have their own."""
    variables.put(project, {"A": "all", "B": "all"}, actor="user:test")
    variables.put(project, {"B": "live", "C": "live"}, environment="production", actor="user:test")
    assert variables.variables_of(project, "production") == {"A": "all", "B": "live", "C": "live"}
    assert variables.variables_of(project, "preview") == {"A": "all", "B": "all"}
    variables.forget(project, "B", environment="production", actor="user:test")
    assert variables.variables_of(project, "production")["B"] == "all"
    with pytest.raises(NotFound):
        variables.forget(project, "B", environment="production")


def test_lists_show_names_only(project):
    """And when each was set."""
    variables.put(project, {"TOKEN": "hunter2-canary"}, environment="staging", actor="user:test")
    shown = variables.listed(project)
    assert [(one.environment, one.name) for one in shown] == [("staging", "TOKEN")]
    assert "hunter2-canary" not in repr(shown)


def test_values_are_sealed_and_changes_recorded(project):
    """Neither the row nor the audit log holds the value."""
    variables.put(project, {"TOKEN": "hunter2-canary"}, actor="user:test")
    assert b"hunter2-canary" not in bytes(StoredSecret.objects.get().sealed)
    entry = AuditEntry.objects.get(action="secret.stored")
    assert entry.object_id.startswith(f"environment/{project.pk.hex}/all/TOKEN"[:80])
    assert "hunter2" not in f"{entry.before} {entry.after}"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1A",
        "A-B",
        "A.B",
        "A" * 61,
        "PORT",
        "PATH",
        "LD_PRELOAD",
        "NODE_OPTIONS",
        "PYTHONPATH",
        "path",
        "A\n",
    ],
)
def test_names_that_would_do_harm_are_refused(project, name):
    """What is no name, and what would change how programs run."""
    with pytest.raises(Unprocessable):
        variables.put(project, {"GOOD": "1", name: "1"})
    assert variables.listed(project) == []


def test_values_are_limited(project):
    """In size and number; there is no empty one, no NUL, no other environment."""
    for value in ("", "a\0b", "x" * 16_385):
        with pytest.raises(Unprocessable):
            variables.put(project, {"A": value})
    with pytest.raises(Unprocessable):
        variables.put(project, {"A": "1"}, environment="moon")
    with pytest.raises(Unprocessable):
        variables.put(project, {})
    with pytest.raises(Conflict, match="100"):
        variables.put(project, {f"A{number}": "1" for number in range(101)})


def test_projects_and_tenants_are_apart(project, other_tenant, in_tenant):
    """Two projects, and another tenant, have nothing of each other."""
    variables.put(project, {"A": "1"}, actor="user:test")
    other = projects.create(name="Other", created_by="user:test")
    assert variables.variables_of(other, "production") == {}
    with in_tenant(other_tenant):
        assert variables.variables_of(project, "production") == {}
