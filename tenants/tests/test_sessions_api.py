"""Who sees and ends whose sessions over HTTP."""

import pytest

from miosa.testing.fixtures import client_of
from tenants import sessions
from tenants.models import AuditEntry, Membership, Role, Session, User
from tenants.tests.signing_in import bearer, sign_in, works

PLACE = "/api/v1/sessions"


@pytest.fixture
def viewer(tenant):
    """A session of a viewer."""
    person = User.objects.create(email="viewer@acme.example")
    return sessions.open_session(Membership.objects.create(user=person, role=Role.VIEWER).user)


def listed(credential, **query):
    answer = bearer(credential).get(PLACE, query)
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


def test_everybody_sees_their_own(tenant, viewer):
    """Each member sees where they are signed in, and which of it is this very session."""
    here, there = sign_in(), sign_in()
    found = listed(here["access_token"])
    assert [(row["id"], row["current"]) for row in found] == [
        (there["session_id"], False), (here["session_id"], True),
    ]  # fmt: skip
    assert found[0]["email"] == "owner@acme.example"
    assert not any("token" in name or "digest" in name for name in found[0])
    assert [row["id"] for row in listed(viewer.access_token)] == [str(viewer.session_id)]


def test_only_who_sees_the_members_sees_all(tenant, viewer):
    """Owner and admin list everybody's; a viewer is refused by the scope's name, another value by the parameter's."""
    here = sign_in()["access_token"]
    assert {row["email"] for row in listed(here, all="true")} == {"owner@acme.example", "viewer@acme.example"}
    refused = bearer(viewer.access_token).get(PLACE, {"all": "true"})
    assert (refused.status_code, "members:read" in refused.json()["detail"]) == (403, True)
    assert bearer(here).get(PLACE, {"all": "yes"}).status_code == 400


def test_it_lists_the_living_only(tenant):
    """An ended session is no place where somebody is signed in."""
    here, gone = sign_in(), sign_in()
    sessions.end(Session.objects.get(pk=gone["session_id"]), because=Session.Revoked.LOGOUT, actor="system")
    assert [row["id"] for row in listed(here["access_token"])] == [here["session_id"]]


def test_one_ends_ones_own(tenant, viewer):
    """A lost device is signed out from another; ending twice is no error and keeps the first reason."""
    lost, here = sign_in(), sign_in()
    for _ in range(2):
        answer = bearer(here["access_token"]).delete(f"{PLACE}/{lost['session_id']}")
        assert answer.status_code == 204
    assert not works(lost["access_token"])
    assert works(here["access_token"])
    assert AuditEntry.objects.filter(action="session.ended").count() == 1
    assert bearer(viewer.access_token).delete(f"{PLACE}/{viewer.session_id}").status_code == 204
    assert not works(viewer.access_token)


def test_an_administrator_ends_others_and_others_do_not(tenant, viewer):
    """A viewer gets 404 for the owner's session; the owner ends the viewer's, and the log says who it was."""
    owners = sign_in()
    assert bearer(viewer.access_token).delete(f"{PLACE}/{owners['session_id']}").status_code == 404
    assert works(owners["access_token"])
    assert bearer(owners["access_token"]).delete(f"{PLACE}/{viewer.session_id}").status_code == 204
    assert not works(viewer.access_token)
    assert Session.objects.get(pk=viewer.session_id).revoked_because == "admin"


def test_a_foreign_session_is_not_there(tenant, other_api, in_tenant, other_tenant):
    """By a neighbour's key with every scope: 404 and no effect, and not in any list."""
    said = sign_in()
    assert other_api.delete(f"{PLACE}/{said['session_id']}").status_code == 404
    assert works(said["access_token"])
    assert other_api.get(PLACE, {"all": "true"}).json()["items"] == []


def test_a_key_sees_what_its_scopes_allow(tenant):
    """A key of the tenant lists and ends sessions with the scopes for it, and not without."""
    said = sign_in()
    assert client_of(tenant, scopes={"agents:read"}).get(PLACE).status_code == 403
    key = client_of(tenant, scopes={"sessions:read", "members:read", "sessions:write", "members:write"})
    assert [row["current"] for row in key.get(PLACE, {"all": "true"}).json()["items"]] == [False]
    assert key.delete(f"{PLACE}/{said['session_id']}").status_code == 204
    assert not works(said["access_token"])
