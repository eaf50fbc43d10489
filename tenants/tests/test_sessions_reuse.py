"""A refresh token is good for one use: who brings it again ends the session for everybody who holds it."""

import pytest
from django_tenants.utils import tenant_context

from tenants.models import AuditEntry, RefreshToken, Session
from tenants.tests.signing_in import at_once, bearer, refreshed, sign_in, works

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def test_it_ends_the_family_though_it_answers_401(tenant):
    """The thief's or the owner's second use: 401, and the end of the session is committed, not rolled back with it."""
    first = sign_in()
    second = refreshed(first["refresh_token"]).json()
    answer = refreshed(first["refresh_token"])
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert "Bearer" in answer["WWW-Authenticate"]
    assert not works(first["access_token"])
    assert not works(second["access_token"])
    assert refreshed(second["refresh_token"]).status_code == 401
    session = Session.objects.get()
    assert (session.revoked_because, session.revoked_at is not None) == ("reuse", True)


def test_it_tells_of_it_once(tenant):
    """The log names the session and what was done; further attempts with dead tokens add nothing."""
    first = sign_in()
    refreshed(first["refresh_token"])
    for _ in range(3):
        refreshed(first["refresh_token"])
    found = AuditEntry.objects.exclude(action="session.opened").order_by("number")
    assert [(entry.action, entry.object_id) for entry in found] == [
        ("session.reuse_detected", first["session_id"]), ("session.ended", first["session_id"]),
    ]  # fmt: skip


def test_it_notices_the_oldest_of_many(tenant):
    """Any used token of the family gives it away, not only the one before the last."""
    tokens = [sign_in()["refresh_token"]]
    for _ in range(4):
        tokens.append(refreshed(tokens[-1]).json()["refresh_token"])
    assert refreshed(tokens[0]).status_code == 401
    assert refreshed(tokens[-1]).status_code == 401


def test_it_leaves_the_persons_other_sessions(tenant):
    """One stolen device does not sign out the others."""
    stolen, other = sign_in(), sign_in()
    refreshed(stolen["refresh_token"])
    refreshed(stolen["refresh_token"])
    assert works(other["access_token"])


@pytest.mark.parametrize("count", [2, 8])
def test_of_parallel_refreshes_exactly_one_wins(tenant, count):
    """However many come at once with one token: one answer has new tokens, and the token was given away."""
    token = sign_in()["refresh_token"]
    answers = at_once(*[lambda: refreshed(token)] * count)
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * (count - 1)
    with tenant_context(tenant):
        assert RefreshToken.objects.count() == 2
        assert Session.objects.get().revoked_because == "reuse"
        assert AuditEntry.objects.filter(action="session.reuse_detected").count() == 1


def test_refresh_and_sign_out_at_once_leave_nobody_in(tenant):
    """Whichever comes first, after a sign-out no token of the session works."""
    said = sign_in()
    client = bearer(said["access_token"])
    answer, gone = at_once(lambda: refreshed(said["refresh_token"]), lambda: client.delete("/api/v1/tokens"))
    assert gone.status_code == 204
    assert answer.status_code in {201, 401}
    if answer.status_code == 201:
        assert not works(answer.json()["access_token"])
        assert refreshed(answer.json()["refresh_token"]).status_code == 401
    assert not works(said["access_token"])
