"""Projects: made, changed, put away and brought back."""

import pytest

from deployments import projects
from deployments.recipes import RecipeRefused
from miosa.http.problem import Conflict, NotFound, Unprocessable


def made(name="My Shop", **more):
    return projects.create(name=name, created_by="user:test", **more)


def test_it_gets_a_slug_from_its_name(tenant):
    """Plain letters, none twice; one that was asked for is used or refused."""
    assert [made().slug for _ in range(3)] == ["my-shop", "my-shop-2", "my-shop-3"]
    assert made("Ünï — çödé!!").slug == "uni-code"
    assert made("日本").slug == "project"
    assert made("x" * 100).slug == "x" * 35
    assert made(slug="mine").slug == "mine"
    with pytest.raises(Conflict, match="another slug"):
        made(slug="mine")
    for slug in ("Mine", "-a", "a-", "a" * 41, "a.b", "a\n"):
        with pytest.raises(Unprocessable):
            made(slug=slug)


def test_another_tenant_may_use_the_slug(tenant, other_tenant, in_tenant):
    """A slug is the tenant's own."""
    made()
    with in_tenant(other_tenant):
        assert made().slug == "my-shop"


def test_it_is_changed(tenant):
    """What was said, nothing else; a recipe is kept with all its members."""
    project = made()
    projects.change(
        project.pk, name="Store", recipe={"kind": "static", "publish": "dist"}, settings={"a": [1]}
    )
    project = projects.project(project.pk)
    assert (project.name, project.slug, project.settings) == ("Store", "my-shop", {"a": [1]})
    assert project.recipe["health_path"] == "/"
    with pytest.raises(RecipeRefused):
        projects.change(project.pk, recipe={"kind": "boat"})
    with pytest.raises(Unprocessable):
        projects.change(project.pk, slug="other")
    with pytest.raises(Unprocessable):
        projects.change(project.pk, settings={"a": "x" * 20_000})
    projects.change(project.pk, recipe={})
    with pytest.raises(projects.RecipeMissing):
        projects.recipe_of(projects.project(project.pk))


def test_it_is_put_away_and_brought_back(tenant):
    """It leaves the list and returns to it, as it was."""
    project = made()
    put_away = projects.archive(project.pk)
    assert projects.archive(project.pk).archived == put_away.archived
    assert (list(projects.listed()), list(projects.listed(archived=True))) == ([], [project])
    with pytest.raises(Conflict):
        projects.change(project.pk, name="x")
    projects.restore(project.pk)
    assert list(projects.listed()) == [project]
    with pytest.raises(NotFound):
        projects.archive(tenant.pk)
