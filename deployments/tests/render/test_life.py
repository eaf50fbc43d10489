"""A deployment lives from nothing to its address, for every kind of service."""

from dataclasses import replace

import pytest

from deployments.targets.contract import Phase, Recipe
from deployments.tests.render.specs import IMAGE, RECIPES, deploys, ends, services, spec


@pytest.mark.parametrize("type_", RECIPES)
def test_it_works(render, target, type_):
    """Every kind of service is made as what it is, built, released and live."""
    ref = target.apply(spec(RECIPES[type_], TOKEN="x"), key="key-1")
    (service,) = services(render)
    assert service.type == type_
    assert ref.place.external_id == service.id
    assert target.status(ref).phase is Phase.QUEUED
    render.clock.advance(2)
    assert target.status(ref).phase is Phase.BUILDING
    render.clock.advance(20)
    assert target.status(ref).phase is Phase.RELEASING
    assert ends(render, target, ref).phase is Phase.LIVE
    assert service.variables["TOKEN"] == "x"


@pytest.mark.parametrize("type_", RECIPES)
def test_only_what_the_world_can_reach_has_an_address(render, target, type_):
    """A web service and a static site have a URL (Render's own, whatever the name was), the others none."""
    status = ends(render, target, target.apply(spec(RECIPES[type_]), key="key-1"))
    (service,) = services(render)
    assert status.url == (f"https://{service.host}" if type_ in {"static_site", "web_service"} else "")


def test_it_deploys_an_image(render, target):
    """An image is deployed as the reference says, and again with the next reference."""
    first = target.apply(spec(IMAGE), key="key-1")
    assert ends(render, target, first).phase is Phase.LIVE
    newer = replace(IMAGE, source={"image": "docker.io/library/nginx:1.28"})
    second = target.apply(spec(newer, place=first.place), key="key-2")
    assert ends(render, target, second).phase is Phase.LIVE
    assert [one.image for one in deploys(render)] == ["docker.io/library/nginx:1.28"]


def test_a_second_deployment_changes_the_service_first(render, target):
    """What differs in the recipe is patched, the variables are replaced, the named commit is deployed."""
    first = target.apply(spec(OLD="1"), key="key-1")
    ends(render, target, first)
    recipe: Recipe = replace(RECIPES["web_service"], start="gunicorn -w 2 app:app", health_path="/ready")
    second = target.apply(spec(recipe, place=first.place, commit="c" * 40, NEW="2"), key="key-2")
    (service,) = services(render)
    assert service.details["envSpecificDetails"]["startCommand"] == "gunicorn -w 2 app:app"
    assert service.details["healthCheckPath"] == "/ready"
    assert service.variables.get("NEW") == "2"
    assert "OLD" not in service.variables
    assert [one.commit for one in deploys(render)] == ["c" * 40]
    assert ends(render, target, second).phase is Phase.LIVE
    assert target.status(first).phase is Phase.SUPERSEDED


def test_an_unchanged_service_is_not_patched(render, target):
    """Deploying the same recipe again leaves the service as it is; a git address with .git is the same."""
    first = target.apply(spec(), key="key-1")
    recipe = replace(
        RECIPES["web_service"], source={"git": "https://github.com/example/site.git", "branch": "main"}
    )
    target.apply(spec(recipe, place=first.place), key="key-2")
    assert "PATCH" not in {method for method, _ in render.requests}


def test_a_newer_deployment_supersedes_one_under_way(render, target):
    """Render cancels what a newer deploy overtakes: that is superseded, not canceled by somebody."""
    first = target.apply(spec(), key="key-1")
    render.clock.advance(5)
    second = target.apply(spec(place=first.place), key="key-2")
    render.clock.advance(5)
    third = target.apply(spec(place=first.place), key="key-3")
    assert [target.status(ref).phase for ref in (first, second)] == [Phase.SUPERSEDED, Phase.SUPERSEDED]
    assert ends(render, target, third).phase is Phase.LIVE


@pytest.mark.parametrize("ending", ["build_failed", "pre_deploy_failed", "update_failed"])
def test_a_failure_says_what_failed(render, target, ending):
    """Each way to fail ends as failed, with a sentence of what to look at."""
    render.world.next_ends = [ending]
    status = ends(render, target, target.apply(spec(), key="key-1"))
    assert status.phase is Phase.FAILED
    assert status.detail


def test_a_canceled_deployment_is_canceled(render, target):
    """Cancelling stops what is under way; twice is the same as once, and what is live stays."""
    ref = target.apply(spec(), key="key-1")
    render.clock.advance(5)
    target.cancel(ref)
    target.cancel(ref)
    assert target.status(ref).phase is Phase.CANCELED
    second = target.apply(spec(place=ref.place), key="key-2")
    ends(render, target, second)
    target.cancel(second)
    assert target.status(second).phase is Phase.LIVE
