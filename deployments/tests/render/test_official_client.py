"""Render's own client from PyPI drives the double, and sees there what our target made and does."""

import datetime as dt

import pytest
from render.public_api.api.custom_domains import (
    create_custom_domain,
    list_custom_domains,
    refresh_custom_domain,
)
from render.public_api.api.deploys import (
    cancel_deploy,
    create_deploy,
    list_deploys,
    retrieve_deploy,
    rollback_deploy,
)
from render.public_api.api.logs import list_logs
from render.public_api.api.services import (
    create_service,
    delete_service,
    get_env_vars_for_service,
    list_services,
    resume_service,
    retrieve_service,
    suspend_service,
    update_env_vars_for_service,
    update_service,
)
from render.public_api.api.workspaces import list_owners
from render.public_api.client import AuthenticatedClient
from render.public_api.models import (
    CreateCustomDomainBody,
    CreateDeployBody,
    DeployStatus,
    EnvVarKeyValue,
    NativeEnvironmentDetailsPOST,
    RollbackDeployBody,
    ServicePATCH,
    ServicePOST,
    ServiceRuntime,
    ServiceType,
    StaticSiteDetailsPATCH,
    WebServiceDetailsPOST,
)

from deployments.targets.contract import Phase
from deployments.tests.render.specs import PLACE, RECIPES, REPO, ends, spec


@pytest.fixture
def official(render):
    """The vendor's generated client, pointed at the double."""
    with AuthenticatedClient(
        base_url=render.url, token=render.key, raise_on_unexpected_status=True
    ) as client:
        yield client


def made(official):
    """A web service made by the vendor's client."""
    owner = list_owners.sync(client=official)[0].owner  # type: ignore[index]
    details = WebServiceDetailsPOST(
        runtime=ServiceRuntime.PYTHON,
        env_specific_details=NativeEnvironmentDetailsPOST(build_command="make", start_command="serve"),
        health_check_path="/health",
    )
    body = ServicePOST(
        type_=ServiceType.WEB_SERVICE,
        name="theirs",
        owner_id=owner.id,
        repo=REPO,
        service_details=details,
        env_vars=[EnvVarKeyValue(key="A", value="1")],
    )
    return create_service.sync(client=official, body=body)


def test_the_double_lives_as_the_vendors_client_expects(render, official):
    """Create, build, release, deploy, roll back, cancel: every answer parses and says what it should."""
    answer = made(official)
    service, first = answer.service, answer.deploy_id
    assert service.service_details.health_check_path == "/health"
    seen = set()
    for _ in range(8):
        seen.add(retrieve_deploy.sync(service.id, first, client=official).status)
        render.clock.advance(5)
    assert seen == {
        DeployStatus.CREATED,
        DeployStatus.BUILD_IN_PROGRESS,
        DeployStatus.UPDATE_IN_PROGRESS,
        DeployStatus.LIVE,
    }
    second = create_deploy.sync(service.id, client=official, body=CreateDeployBody(commit_id="b" * 40))
    assert second.commit.id == "b" * 40
    render.clock.advance(60)
    third = rollback_deploy.sync(service.id, client=official, body=RollbackDeployBody(deploy_id=first))
    assert third.trigger == "rollback"
    assert cancel_deploy.sync(service.id, third.id, client=official).status is DeployStatus.CANCELED
    rows = list_deploys.sync(service.id, client=official)
    assert [(row.deploy.id, row.deploy.status.value) for row in rows] == [
        (third.id, "canceled"),
        (second.id, "live"),
        (first, "deactivated"),
    ]


def test_variables_switches_and_names_are_the_vendors_clients_too(render, official):
    """Variables, suspending, host names, logs and removal parse in the vendor's models."""
    service = made(official).service
    body = [EnvVarKeyValue(key="B", value="2")]
    update_env_vars_for_service.sync(service.id, client=official, body=body)
    rows = get_env_vars_for_service.sync(service.id, client=official)
    assert [(row.env_var.key, row.env_var.value) for row in rows] == [("B", "2")]
    assert suspend_service.sync_detailed(service.id, client=official).status_code == 202
    assert retrieve_service.sync(service.id, client=official).suspended == "suspended"
    assert resume_service.sync_detailed(service.id, client=official).status_code == 202
    added = create_custom_domain.sync(
        service.id, client=official, body=CreateCustomDomainBody(name="example.org")
    )
    assert [one.name for one in added] == ["example.org", "www.example.org"]
    render.world.resolves.add("example.org")
    assert refresh_custom_domain.sync_detailed(service.id, "example.org", client=official).status_code == 202
    states = {
        row.custom_domain.name: row.custom_domain.verification_status.value
        for row in list_custom_domains.sync(service.id, client=official)
    }
    assert states == {"example.org": "verified", "www.example.org": "unverified"}
    page = list_logs.sync(client=official, owner_id=service.owner_id, resource=[service.id])
    assert any("Deploying" in line.message for line in page.logs)
    assert delete_service.sync_detailed(service.id, client=official).status_code == 204
    assert list_services.sync(client=official) == []


def test_the_vendors_client_sees_what_the_target_made(render, target, official):
    """One scenario by our target, read by the vendor's client: the same services, states, variables and names."""
    ref = target.apply(spec(RECIPES["web_service"], TOKEN="x"), key="key-1")
    (row,) = list_services.sync(client=official, name=[PLACE.name])  # type: ignore[misc]
    service = row.service
    assert (service.id, service.type_, service.repo) == (ref.place.external_id, ServiceType.WEB_SERVICE, REPO)
    assert service.auto_deploy == "no"
    assert service.service_details.env_specific_details.start_command == "gunicorn app:app"
    assert retrieve_deploy.sync(service.id, ref.deployment_id, client=official).status is DeployStatus.CREATED
    assert ends(render, target, ref).url == service.service_details.url
    assert retrieve_deploy.sync(service.id, ref.deployment_id, client=official).status is DeployStatus.LIVE
    values = {
        row.env_var.key: row.env_var.value
        for row in get_env_vars_for_service.sync(service.id, client=official)
    }
    assert values["TOKEN"] == "x"
    second = target.apply(spec(place=ref.place, commit="b" * 40), key="key-2")
    assert retrieve_deploy.sync(service.id, second.deployment_id, client=official).commit.id == "b" * 40
    ends(render, target, second)
    third = target.rollback(ref, spec(place=ref.place), key="key-3")
    assert retrieve_deploy.sync(service.id, third.deployment_id, client=official).trigger == "rollback"
    target.domains(ref.place, ("shop.example.org",))
    names = [row.custom_domain.name for row in list_custom_domains.sync(service.id, client=official)]
    assert names == ["shop.example.org"]
    target.suspend(ref.place)
    assert retrieve_service.sync(service.id, client=official).suspended == "suspended"
    target.destroy(ref.place)
    assert list_services.sync(client=official) == []


def test_the_target_sees_what_the_vendors_client_did(render, target, official):
    """A change and a deploy made by hand: ours is superseded, and put right by the next deployment."""
    ref = target.apply(spec(RECIPES["static_site"]), key="key-1")
    ends(render, target, ref)
    service_id = ref.place.external_id
    changed = ServicePATCH(service_details=StaticSiteDetailsPATCH(publish_path="elsewhere"))
    update_service.sync(service_id, client=official, body=changed)
    create_deploy.sync(service_id, client=official, body=CreateDeployBody())
    render.clock.advance(60)
    assert target.status(ref).phase is Phase.SUPERSEDED
    assert "publishPath" in target.plan(spec(RECIPES["static_site"], place=ref.place))[0].detail
    target.apply(spec(RECIPES["static_site"], place=ref.place), key="key-2")
    assert retrieve_service.sync(service_id, client=official).service_details.publish_path == "public"


def test_times_are_the_doubles_own(render, official):
    """The vendor's client reads times; they move with the double's clock alone."""
    service = made(official).service
    render.clock.advance(3600)
    deploy = create_deploy.sync(service.id, client=official, body=CreateDeployBody())
    assert deploy.created_at - service.created_at == dt.timedelta(hours=1)
