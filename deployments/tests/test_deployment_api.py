"""Deployments, services, approvals and targets over the API; what a neighbour may not see is not there."""

import io
import json
import tarfile

import pytest
from django_tenants.utils import schema_context

from deployments import approvals
from deployments.lifecycle import watching
from deployments.models import Approval, Deployment, Service
from deployments.tests.plain_world import plain_world, run
from miosa.testing.fixtures import client_of, open_tenant

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
ROOT = "/api/v1"
MAY = ("deployments:read", "deployments:write", "projects:read", "projects:write")


@pytest.fixture
def world(tenant, tmp_path):
    with plain_world(tmp_path / "plain") as made:
        yield made


def launched(api, world, **more):
    release = world.release()
    return api.post(f"{ROOT}/deployments", {"release_id": str(release.pk), "target": "plain", **more})


def live(api, world, **more):
    answer = launched(api, world, **more)
    assert answer.status_code == 202, answer.content
    return run(Deployment.objects.get(pk=answer.json()["id"]))


def test_it_is_launched_followed_and_listed(api, world):
    """Queued at once; its changes and its log come as events, in pages too, and both can be resumed."""
    answer = launched(api, world)
    place = answer.headers["Location"]
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    run(Deployment.objects.get(pk=answer.json()["id"]))
    told = api.get(place).json()
    assert (told["state"], told["release"], told["project"], told["environment"]) == (
        "live",
        1,
        "shop",
        "preview",
    )
    lines = api.get(f"{place}/logs").json()
    assert [line["text"] for line in lines["lines"]] == ["building release 1"]
    assert api.get(f"{place}/logs?after={lines['after']}").json()["lines"] == []
    stream = b"".join(
        api.get(f"{place}/events", headers={"Accept": "text/event-stream"}).streaming_content
    ).decode()
    kinds = [line.partition(": ")[2] for line in stream.splitlines() if line.startswith("event: ")]
    assert kinds[0] == "state"
    assert {"log", "health", "promoted"} <= set(kinds)
    ids = [line.partition(": ")[2] for line in stream.splitlines() if line.startswith("id: ")]
    assert ids == sorted(ids, key=int)
    rest = api.get(f"{place}/events", headers={"Accept": "text/event-stream", "Last-Event-ID": ids[-2]})
    assert b"".join(rest.streaming_content).decode().count("event: ") == 1
    listed = api.get(f"{ROOT}/deployments?state=live&project_id={world.project.pk}").json()["items"]
    assert [row["id"] for row in listed] == [told["id"]]


def test_the_same_key_launches_once(api, world):
    """A repeat gets the first answer."""
    body = {"release_id": str(world.release().pk), "target": "plain"}
    made = [api.post(f"{ROOT}/deployments", body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert made[0].json() == made[1].json()
    assert Deployment.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"target": "nowhere"}, 422),
        ({"environment": "moon"}, 422),
        ({"strategy": "hope"}, 422),
        ({"release_id": "01890000-0000-7000-8000-000000000000"}, 404),
        ({"colour": "red"}, 422),
        ({"approval_id": "01890000-0000-7000-8000-000000000000"}, 404),
    ],
)
def test_what_cannot_be_launched_is_refused(api, world, change, status):
    """And nothing is written."""
    body = {"release_id": str(world.release().pk), "target": "plain"} | change
    assert api.post(f"{ROOT}/deployments", body).status_code == status
    assert Deployment.objects.count() == 0


def test_a_plan_does_nothing(api, world):
    """It tells the steps, and what an approval would be bound to."""
    told = api.post(
        f"{ROOT}/deployment-plans", {"release_id": str(world.release().pk), "target": "plain"}
    ).json()
    assert [step["effect"] for step in told["steps"]] == ["create", "create"]
    assert told["effect"]["release"] == 1
    assert told["needs_approval"] is False
    assert Service.objects.count() == 0


def test_production_waits_for_somebody_who_may(tenant, world):
    """A key without the right to approve asks; one with it decides on exactly that effect, once."""
    asker = client_of(tenant, scopes=MAY)
    chief = client_of(tenant, scopes=(*MAY, "deployments:approve"))
    made = launched(asker, world, environment="production").json()
    run(Deployment.objects.get(pk=made["id"]))
    assert asker.get(f"{ROOT}/deployments/{made['id']}").json()["state"] == "queued"
    (asked,) = chief.get(f"{ROOT}/approvals?state=pending").json()["items"]
    decision = f"{ROOT}/approvals/{asked['id']}/decision"
    assert asker.post(decision, {"approve": True, "digest": asked["digest"]}).status_code == 403
    assert chief.post(decision, {"approve": True, "digest": "0" * 64}).status_code == 409
    assert chief.post(decision, {"approve": True, "digest": asked["digest"]}).json()["state"] == "approved"
    assert chief.post(decision, {"approve": False, "digest": asked["digest"]}).status_code == 409
    assert run(Deployment.objects.get(pk=made["id"])).state == "live"


def test_no_is_told(tenant, world):
    """What was rejected does not happen, and says whose word that was."""
    asker, chief = client_of(tenant, scopes=MAY), client_of(tenant, scopes=(*MAY, "deployments:approve"))
    made = launched(asker, world, environment="production").json()
    asked = Approval.objects.get()
    said = {"approve": False, "digest": asked.digest, "note": "not on a Friday"}
    assert chief.post(f"{ROOT}/approvals/{asked.pk}/decision", said).status_code == 200
    told = asker.get(f"{ROOT}/deployments/{made['id']}").json()
    assert told["state"] == "canceled"
    assert "not on a Friday" in told["reason"]


def test_it_is_canceled_before_it_is_live(api, world):
    """And not afterwards."""
    made = launched(api, world).json()
    place = f"{ROOT}/deployments/{made['id']}/cancellation"
    assert api.post(place).json()["state"] == "canceled"
    assert api.post(place).status_code == 409
    done = live(api, world)
    assert api.post(f"{ROOT}/deployments/{done.pk}/cancellation").status_code == 409


def test_it_goes_back(api, world):
    """To the release before, as a new deployment; without an earlier one it says so."""
    first = live(api, world)
    place = f"{ROOT}/services/{first.service_id}/rollback"
    assert api.post(place, {}).status_code == 409
    live(api, world)
    back = api.post(place, {})
    assert (back.status_code, back.json()["kind"], back.json()["release"]) == (202, "rollback", 1)
    assert run(Deployment.objects.get(pk=back.json()["id"])).state == "live"
    assert api.post(place, {"deployment_id": "01890000-0000-7000-8000-000000000000"}).status_code == 409


def test_a_service_is_suspended_resumed_named_and_destroyed(api, world):
    """Each is told to the target; destroyed it can be launched again."""
    row = live(api, world)
    place = f"{ROOT}/services/{row.service_id}"
    assert api.get(place).json()["health"] == "healthy"
    assert api.post(f"{place}/suspension").json()["state"] == "suspended"
    watching.look(row.service_id)
    assert world.target.state.read()["services"][row.service.name]["state"] == "suspended"
    assert api.post(f"{place}/suspension").status_code == 409
    assert api.post(f"{place}/resumption").json()["state"] == "active"
    watching.look(row.service_id)
    assert api.put(f"{place}/domains", {"domains": ["WWW.Example.org."]}).status_code == 202
    watching.look(row.service_id)
    (domain,) = api.get(place).json()["domains"]
    assert (domain["name"], domain["verified"]) == ("www.example.org", False)
    for wrong in (["no host"], ["http://x.example"], ["x" * 300]):
        assert api.put(f"{place}/domains", {"domains": wrong}).status_code == 422
    assert len(api.get(f"{place}/health").json()["items"]) >= 2
    assert api.delete(place).json()["state"] == "destroyed"
    watching.look(row.service_id)
    assert world.target.state.read()["services"] == {}
    assert live(api, world).service_id == row.service_id


def test_targets_say_what_they_can_and_what_is_missing(api, world):
    """Render without a key names the variable."""
    told = {row["name"]: row for row in api.get(f"{ROOT}/targets").json()["items"]}
    assert set(told) == {"local", "render", "container", "plain"}
    assert told["plain"]["available"] is True
    assert "RENDER_API_KEY" in told["render"]["missing"]
    assert "uploads" in told["container"]["capabilities"]


def test_a_neighbour_finds_nothing(api, world):
    """Every place answers 404 to another tenant, and its lists are empty."""
    row = live(api, world)
    asked = approvals.ask(kind="x", effect={}, execution_id=None, requested_by="user:test")
    other = client_of(open_tenant("neighbour"))
    for path in (
        f"deployments/{row.pk}", f"deployments/{row.pk}/logs", f"deployments/{row.pk}/events",
        f"deployments/{row.pk}/bundle", f"services/{row.service_id}", f"services/{row.service_id}/health",
        f"approvals/{asked.pk}",
    ):  # fmt: skip
        assert other.get(f"{ROOT}/{path}").status_code == 404, path
    for path, body in (
        (f"deployments/{row.pk}/cancellation", {}), (f"services/{row.service_id}/rollback", {}),
        (f"services/{row.service_id}/suspension", {}), (f"services/{row.service_id}/resumption", {}),
        (f"approvals/{asked.pk}/decision", {"approve": True, "digest": asked.digest}),
        ("deployments", {"release_id": str(row.release_id)}),
    ):  # fmt: skip
        assert other.post(f"{ROOT}/{path}", body).status_code == 404, path
    assert other.delete(f"{ROOT}/services/{row.service_id}").status_code == 404
    for path in ("deployments", "services", "approvals"):
        assert other.get(f"{ROOT}/{path}").json()["items"] == []


def test_a_container_bundle_is_fetched(api, world):
    """The image's recipe, the manifests and the files, as one archive."""
    release = world.release()
    made = api.post(f"{ROOT}/deployments", {"release_id": str(release.pk), "target": "container"})
    run(Deployment.objects.get(pk=made.json()["id"]))
    answer = api.get(f"{made.headers['Location']}/bundle")
    assert answer["Content-Type"] == "application/gzip"
    with schema_context("public"):  # nobody's tenant is entered any more when an answer is sent
        raw = b"".join(answer.streaming_content)
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert "Dockerfile" in names
    assert any(name.startswith("kubernetes/") for name in names)


def test_settings_are_checked_and_told_to_the_target(api, world):
    """What is set is shown and reaches the target at once; null takes it back; what is wrong is named."""
    row = live(api, world)
    place = f"{ROOT}/services/{row.service_id}"
    answer = api.patch(place, {"settings": {"public": True, "canary_steps": [10, 40], "memory_mb": 4096}})
    assert (answer.status_code, answer.json()["settings"]["public"]) == (202, True)
    watching.look(row.service_id)
    told = json.loads(world.calls("configure")[-1])
    assert told["public"] is True
    assert told["memory_mb"] < 4096, "no more than the plan gives"
    assert "public" not in api.patch(place, {"settings": {"public": None}}).json()["settings"]
    wrong = api.patch(place, {"settings": {"public": "yes", "processes": 9, "canary_steps": [40, 10]}})
    assert wrong.status_code == 422
    assert {one["pointer"] for one in wrong.json()["errors"]} == {
        "/settings/public", "/settings/processes", "/settings/canary_steps",
    }  # fmt: skip
    assert client_of(open_tenant("globex")).patch(place, {"settings": {}}).status_code == 404
