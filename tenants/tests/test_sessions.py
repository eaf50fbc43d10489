"""Sessions: opened by signing in, kept by refreshing, ended at once."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from miosa.http.problem import Forbidden, Unauthenticated
from miosa.testing.fixtures import client_of
from tenants import sessions, tokens
from tenants.models import AuditEntry, Membership, RefreshToken, Role, Session, User
from tenants.tests.signing_in import SIGN_IN, bearer, refreshed, sign_in, works

DAY = timedelta(days=1)


def test_it_works(tenant, owner):
    """Signing in opens a session; its access token works, and its refresh token brings the next two."""
    first = sign_in()
    assert (first["token_type"], first["expires_in"]) == ("Bearer", 900)
    session = Session.objects.get()
    assert (str(session.pk), session.user_id, session.scopes) == (first["session_id"], owner.pk, None)
    assert works(first["access_token"])
    answer = refreshed(first["refresh_token"])
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    second = answer.json()
    assert second["session_id"] == first["session_id"]
    assert second["refresh_token"] != first["refresh_token"]
    assert works(second["access_token"])
    assert works(first["access_token"])


def test_it_remembers_where_from(tenant):
    """The session tells device and address, cut to what fits; both are told to the audit log too."""
    APIClient().post("/api/v1/tokens", SIGN_IN, headers={"User-Agent": "x" * 500}, REMOTE_ADDR="192.0.2.7")
    session = Session.objects.get()
    assert (session.user_agent, session.address) == ("x" * 200, "192.0.2.7")
    entry = AuditEntry.objects.get(action="session.opened")
    assert (entry.object_id, entry.actor, entry.address) == (
        str(session.pk),
        f"user:{session.user_id}",
        "192.0.2.7",
    )


def test_it_stores_no_token(tenant):
    """The tables hold keyed hashes: neither token can be found in them, nor in the audit log."""
    said = sign_in()
    with connection.cursor() as cursor:
        for table in ("tenants_session", "tenants_refreshtoken", "tenants_auditentry"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            text = cursor.fetchone()[0]
            assert said["refresh_token"][-43:] not in text
            assert said["access_token"].rpartition(".")[2] not in text
    assert len(bytes(RefreshToken.objects.get().digest)) == 32


def test_it_asks_no_more_than_once_for_a_session(tenant, owner):
    """Session, person and role are one query: as many as the role alone took."""
    grant = sessions.open_session(owner)
    with CaptureQueriesContext(connection) as taken:
        assert sessions.member(grant.session_id, owner.pk).session_id == grant.session_id
    assert len([query for query in taken if query["sql"].startswith("SELECT ")]) == 1


@pytest.mark.parametrize(
    "refresh_token",
    ["", " ", "x", "miosa_r_", "a" * 300, "miosa_r_" + "0" * 32 + "_" + "a" * 43, None, 7, [], "miosa_r_\0"],
)
def test_it_refuses_what_is_no_refresh_token(tenant, refresh_token):
    """Unknown and malformed ones are refused: 401 for the form of a token, else 422 with the place."""
    answer = APIClient().post("/api/v1/tokens/refresh", {"refresh_token": refresh_token})
    assert answer.status_code in {400, 401, 422}
    assert answer["Content-Type"] == "application/problem+json"


def test_it_looks_a_refresh_token_up_in_its_own_tenant_only(tenant, other_tenant):
    """A token under another tenant's name finds nothing there, and still works under its own."""
    token = sign_in()["refresh_token"]
    assert refreshed(token.replace(tenant.pk.hex, other_tenant.pk.hex)).status_code == 401
    assert refreshed(token.replace(tenant.pk.hex, uuid4().hex)).status_code == 401
    assert refreshed(token).status_code == 201


def test_it_takes_no_token_for_the_other(tenant):
    """A refresh token opens no route, and an access token brings no new one."""
    said = sign_in()
    assert not works(said["refresh_token"])
    assert refreshed(said["access_token"]).status_code == 422
    assert refreshed(said["access_token"][:180]).status_code == 401


def test_it_ends_after_thirty_days_without_a_refresh(tenant):
    """Each refresh moves the end; without one the session and its tokens are over."""
    said = sign_in()
    session = Session.objects.get()
    assert abs(session.expires_at - session.created - 30 * DAY) < timedelta(seconds=5)
    Session.objects.update(expires_at=timezone.now())
    assert not works(said["access_token"])
    assert refreshed(said["refresh_token"]).status_code == 401


def test_it_ends_after_ninety_days_in_any_case(tenant):
    """A session that is refreshed all the time ends ninety days after it was opened, its last tokens with it."""
    said = sign_in()
    Session.objects.update(created=timezone.now() - 70 * DAY)
    Membership.objects.update(created=timezone.now() - 100 * DAY)
    said = refreshed(said["refresh_token"]).json()
    session = Session.objects.get()
    assert abs(session.expires_at - session.created - 90 * DAY) < timedelta(seconds=5)
    Session.objects.update(created=session.created - 20 * DAY + timedelta(minutes=1))
    said = refreshed(said["refresh_token"]).json()
    assert 0 < said["expires_in"] <= 60
    Session.objects.update(expires_at=timezone.now())
    assert refreshed(said["refresh_token"]).status_code == 401


def test_it_is_narrowed_and_stays_so(tenant):
    """A session for one scope has that scope only, also after a refresh, whatever the role may."""
    said = sign_in(scopes=["agents:read"])
    for token in (said["access_token"], refreshed(said["refresh_token"]).json()["access_token"]):
        assert works(token)
        assert bearer(token).get("/api/v1/executions").status_code == 403
        assert bearer(token).get("/api/v1/sessions").status_code == 403


def test_it_makes_no_wider_key(tenant):
    """What a narrowed session makes reaches no further than itself."""
    token = sign_in(scopes=["agents:read", "api-keys:write"])["access_token"]
    wide = {"name": "wide", "scopes": ["agents:read", "tasks:write"]}
    assert bearer(token).post("/api/v1/api-keys", wide).status_code == 403
    assert bearer(token).post("/api/v1/api-keys", wide | {"scopes": ["agents:read"]}).status_code == 201


def test_it_is_never_wider_than_the_role(tenant, owner):
    """A scope the role lacks is refused by name and opens nothing; one it loses is lost in every session at once."""
    wide = sign_in()["access_token"]
    named = sign_in(scopes=["api-keys:read", "agents:read"])["access_token"]
    assert all(bearer(token).get("/api/v1/api-keys").status_code == 200 for token in (wide, named))
    Membership.objects.update(role=Role.VIEWER)
    assert all(bearer(token).get("/api/v1/api-keys").status_code == 403 for token in (wide, named))
    before = Session.objects.count()
    refused = APIClient().post("/api/v1/tokens", SIGN_IN | {"scopes": ["api-keys:read"]})
    assert (refused.status_code, "api-keys:read" in refused.json()["detail"]) == (403, True)
    assert Session.objects.count() == before


@pytest.mark.parametrize(
    "scopes", [[], ["root"], "agents:read", ["agents:read", None], {"agents:read": True}]
)
def test_it_narrows_to_known_scopes_only(tenant, scopes):
    """None at all, an unknown one, or another type: 422, and no session."""
    answer = APIClient().post("/api/v1/tokens", SIGN_IN | {"scopes": scopes})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("/scopes")
    assert not Session.objects.exists()


def test_it_ends_with_the_membership_and_comes_not_back_with_it(tenant, owner):
    """Who left is out at once; who joins again signs in again, old tokens stay dead."""
    said = sign_in()
    Membership.objects.all().delete()
    assert not works(said["access_token"])
    assert refreshed(said["refresh_token"]).status_code == 401
    Membership.objects.create(user=owner, role=Role.OWNER)
    assert not works(said["access_token"])
    assert refreshed(said["refresh_token"]).status_code == 401
    assert works(sign_in()["access_token"])


def test_it_ends_at_sign_out(tenant, owner):
    """DELETE on the tokens ends this session at once, and no other of the same person; the log tells it."""
    gone, stays = sign_in(), sign_in()
    assert bearer(gone["access_token"]).delete("/api/v1/tokens").status_code == 204
    assert not works(gone["access_token"])
    assert refreshed(gone["refresh_token"]).status_code == 401
    assert works(stays["access_token"])
    assert bearer(gone["access_token"]).delete("/api/v1/tokens").status_code == 401
    entry = AuditEntry.objects.get(action="session.ended")
    assert (entry.object_id, entry.actor) == (gone["session_id"], f"user:{owner.pk}")
    assert entry.after == {"because": "logout"}


def test_it_signs_nobody_out_who_is_not_signed_in(tenant):
    """Without a credential 401; an API key has no session: 403, and it says what to do."""
    assert APIClient().delete("/api/v1/tokens").status_code == 401
    refused = client_of(tenant).delete("/api/v1/tokens")
    assert (refused.status_code, "api-keys" in refused.json()["detail"]) == (403, True)


def test_an_old_token_stands_in_nobodys_way(tenant):
    """Signing in works with a dead token in the header, as clients send it."""
    assert bearer("x.y.z").post("/api/v1/tokens", SIGN_IN).status_code == 201


def test_it_opens_for_members_only(tenant, other_tenant, in_tenant):
    """Who is no member, is inactive, or whose password is another by now gets no session; a scope must be had."""
    stranger = User.objects.create(email="stranger@acme.example")
    with pytest.raises(Unauthenticated):
        sessions.open_session(stranger)
    member = Membership.objects.create(user=stranger, role=Role.VIEWER).user
    with pytest.raises(Forbidden, match="tasks:write"):
        sessions.open_session(member, scopes=["tasks:write"])
    member.password = "an older hash"
    with pytest.raises(Unauthenticated):
        sessions.open_session(member)
    assert not Session.objects.exists()


def test_a_token_names_its_own_session_and_person(tenant, owner):
    """A signed token with another's session, person or tenant opens nothing."""
    other = Membership.objects.create(user=User.objects.create(email="b@acme.example"), role=Role.VIEWER).user
    grant, others = sessions.open_session(owner), sessions.open_session(other)
    right = tokens.Claims(user_id=owner.pk, tenant_id=tenant.pk, session_id=grant.session_id)
    assert works(tokens.issue(right))
    for change in (
        {"user_id": other.pk}, {"session_id": others.session_id}, {"session_id": uuid4()}, {"tenant_id": uuid4()},
    ):  # fmt: skip
        values = {name: getattr(right, name) for name in ("user_id", "tenant_id", "session_id")}
        assert not works(tokens.issue(tokens.Claims(**values | change)))
