"""Members of a tenant: listed, given roles, removed, and never beyond what whoever does it may do."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connections
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from miosa.http.problem import Conflict, Forbidden, NotFound
from miosa.testing.fixtures import client_of, open_tenant
from tenants import members, sessions
from tenants.members import Authority
from tenants.models import AuditEntry, Membership, Role, Session, User
from tenants.scopes import ALL, SCOPES_OF_ROLE

ROLES = [Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER]
RANK = {role: rank for rank, role in enumerate(ROLES)}


def seat(role, name="bob"):
    """A new member of the current tenant."""
    person = User.objects.create_user(f"{name}@acme.example", name=name.title())
    return Membership.objects.create(user=person, role=role)


def signed_in(row):
    """A client with an access token of this member."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {sessions.open_session(row.user).access_token}")
    return client


def by(row):
    return Authority(name=f"user:{row.user_id}", scopes=SCOPES_OF_ROLE[row.role], member_id=row.user_id)


def test_it_lists_members_with_their_roles(tenant, api):
    """Everybody of the tenant is listed, newest first, without anything secret."""
    seat(Role.VIEWER)
    rows = api.get("/api/v1/members").json()["items"]
    assert [(row["email"], row["name"], row["role"]) for row in rows] == [
        ("bob@acme.example", "Bob", "viewer"),
        ("owner@acme.example", "", "owner"),
    ]
    assert set(rows[0]) == {"id", "user_id", "email", "name", "role", "created"}


def test_it_shows_no_neighbours_member(tenant, api, other_tenant):
    """Another tenant's members are neither listed nor found by their id."""
    with tenant_context(other_tenant):
        foreign = Membership.objects.get()
    assert str(foreign.pk) not in api.get("/api/v1/members").content.decode()
    assert api.patch(f"/api/v1/members/{foreign.pk}", {"role": "viewer"}).status_code == 404
    assert api.delete(f"/api/v1/members/{foreign.pk}").status_code == 404


def test_it_changes_a_role_and_records_it(tenant, owner, api):
    """The new role counts with the next request; the log says who changed what from what to what."""
    row = seat(Role.VIEWER)
    client = signed_in(row)
    assert client.get("/api/v1/members").status_code == 403
    answer = signed_in(Membership.objects.get(user=owner)).patch(
        f"/api/v1/members/{row.pk}", {"role": "admin"}
    )
    assert (answer.status_code, answer.json()["role"]) == (200, "admin")
    assert client.get("/api/v1/members").status_code == 200
    entry = AuditEntry.objects.get(action="member.role_changed")
    assert (entry.actor, entry.object_id) == (f"user:{owner.pk}", str(row.pk))
    assert (entry.before, entry.after) == ({"role": "viewer"}, {"role": "admin"})


def test_it_refuses_an_unknown_role(tenant, api):
    """A role that is none changes nothing, and the answer says where it is wrong."""
    row = seat(Role.VIEWER)
    answer = api.patch(f"/api/v1/members/{row.pk}", {"role": "king"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/role"
    row.refresh_from_db()
    assert row.role == "viewer"


def test_a_removed_member_is_out_at_once(tenant, api):
    """The access token, the session behind it and every key made by the person end with the seat."""
    row = seat(Role.ADMIN)
    client = signed_in(row)
    made = client.post("/api/v1/api-keys", {"name": "robot", "scopes": ["agents:read"]}).json()["key"]
    robot = APIClient()
    robot.credentials(HTTP_AUTHORIZATION=f"Bearer {made}")
    assert (client.get("/api/v1/me").status_code, robot.get("/api/v1/agents").status_code) == (200, 200)
    assert api.delete(f"/api/v1/members/{row.pk}").status_code == 204
    assert (client.get("/api/v1/me").status_code, robot.get("/api/v1/agents").status_code) == (401, 401)
    assert not Session.objects.filter(user_id=row.user_id, revoked_at=None).exists()
    assert AuditEntry.objects.get(action="member.removed").before == {
        "email": "bob@acme.example",
        "role": "admin",
    }


def test_a_member_who_comes_back_finds_no_old_session(tenant, api):
    """What ended with the seat does not revive with a new one."""
    row = seat(Role.ADMIN)
    client, person = signed_in(row), row.user
    api.delete(f"/api/v1/members/{row.pk}")
    members.admit(person, role=Role.ADMIN, actor="system")
    assert client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_the_last_owner_stays(tenant, owner, api, method):
    """The only owner is neither given another role nor removed; with a second one both are possible."""
    last = Membership.objects.get(user=owner)
    ask = getattr(api, method)
    answer = ask(f"/api/v1/members/{last.pk}", {"role": "admin"})
    assert answer.status_code == 409
    assert "keeps an owner" in answer.json()["detail"]
    seat(Role.OWNER)
    assert ask(f"/api/v1/members/{last.pk}", {"role": "admin"}).status_code in {200, 204}


def test_it_takes_the_scope_to_write(tenant):
    """Reading members is not changing them."""
    row = seat(Role.VIEWER)
    reader = client_of(tenant, scopes={"members:read"})
    assert reader.get("/api/v1/members").status_code == 200
    assert reader.patch(f"/api/v1/members/{row.pk}", {"role": "viewer"}).status_code == 403
    assert reader.delete(f"/api/v1/members/{row.pk}").status_code == 403


def test_a_key_deals_with_no_role_beyond_its_own_scopes(tenant):
    """A key that may write members but not read executions makes nobody a viewer, whoever made it."""
    row = seat(Role.VIEWER)
    narrow = client_of(tenant, scopes={"members:write"})
    assert narrow.patch(f"/api/v1/members/{row.pk}", {"role": "owner"}).status_code == 403
    assert narrow.delete(f"/api/v1/members/{row.pk}").status_code == 403
    wide = client_of(tenant, scopes=SCOPES_OF_ROLE[Role.ADMIN])
    assert wide.patch(f"/api/v1/members/{row.pk}", {"role": "owner"}).status_code == 403
    assert wide.patch(f"/api/v1/members/{row.pk}", {"role": "admin"}).status_code == 200


@pytest.mark.parametrize("actor", ROLES)
@pytest.mark.parametrize("target", ROLES)
@pytest.mark.parametrize("wanted", [*ROLES, None])
def test_nobody_reaches_above_themselves(tenant, actor, target, wanted):
    """For every actor, target and wanted role: allowed exactly where neither role stands above the actor's."""
    doer, row = seat(actor, "doer"), seat(target, "done")
    allowed = RANK[actor] >= RANK[Role.ADMIN] and RANK[actor] >= max(RANK[target], RANK[wanted or target])
    try:
        if wanted:
            members.change_role(row.pk, to=wanted, by=by(doer))
        else:
            members.remove(row.pk, by=by(doer))
    except Forbidden:
        assert not allowed
        row.refresh_from_db()
        assert row.role == target
    else:
        assert allowed
        assert list(Membership.objects.filter(pk=row.pk).values_list("role", flat=True)) == (
            [wanted] if wanted else []
        )


def test_a_role_taken_away_meanwhile_gives_nothing(tenant):
    """A request that began as an admin's is judged by the role of the moment it acts."""
    admin, row = seat(Role.ADMIN, "ada"), seat(Role.VIEWER, "vic")
    held = by(admin)
    members.change_role(admin.pk, to=Role.MEMBER, by=members.authority_of_staff(admin.user_id))
    with pytest.raises(Forbidden):
        members.change_role(row.pk, to=Role.ADMIN, by=held)
    members.remove(admin.pk, by=members.authority_of_staff(admin.user_id))
    with pytest.raises(Forbidden):
        members.remove(row.pk, by=held)


def test_a_member_that_is_none_is_not_found(tenant):
    """An id of nobody is told as such."""
    with pytest.raises(NotFound):
        members.remove(tenant.pk, by=members.authority_of_staff(tenant.pk))


@contextmanager
def thread_of(tenant, work, results):
    def run():
        try:
            with tenant_context(tenant):
                work()
            results.append("done")
        except (Conflict, Forbidden) as refusal:
            results.append(type(refusal).__name__)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_two_owners_who_remove_each_other_leave_one():
    """At the same moment, each removing the other: one succeeds, and the tenant keeps an owner."""
    acme = open_tenant("acme")
    with tenant_context(acme):
        first, second = Membership.objects.get(), seat(Role.OWNER)
        rights = {one.pk: by(one) for one in (first, second)}
    for _ in range(5):
        results: list[str] = []
        with (
            thread_of(acme, lambda: members.remove(second.pk, by=rights[first.pk]), results),
            thread_of(acme, lambda: members.remove(first.pk, by=rights[second.pk]), results),
        ):
            pass
        with tenant_context(acme):
            left = Membership.objects.get()
            assert results.count("done") == 1, results
            gone = second if left.pk == first.pk else first
            Membership.objects.create(pk=gone.pk, user_id=gone.user_id, role=Role.OWNER)


def test_it_says_who_a_person_is(tenant, owner):
    """A token's answer names person, tenant, role and scopes."""
    told = signed_in(Membership.objects.get(user=owner)).get("/api/v1/me").json()
    assert (told["kind"], told["email"], told["role"]) == ("person", owner.email, "owner")
    assert (told["tenant"]["slug"], told["key"]) == ("acme", None)
    assert told["scopes"] == sorted(ALL)


def test_it_says_who_a_key_is(tenant):
    """Even a key with one scope learns what it is, and no more than its name and beginning."""
    told = client_of(tenant, scopes={"tasks:write"}).get("/api/v1/me").json()
    assert (told["kind"], told["role"], told["scopes"]) == ("key", None, ["tasks:write"])
    assert set(told["key"]) == {"id", "name", "prefix"}
    assert APIClient().get("/api/v1/me").status_code == 401
