"""What ends sessions from outside: a new password, a deactivation, the tenant's end, an administrator, time."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connections, transaction
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from miosa.embedded.processes import until
from miosa.http.problem import Unauthenticated
from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import as_platform, operator, queries, signed_in
from tenants import sessions, tasks
from tenants.models import AuditEntry, Membership, RefreshToken, Role, Session, Tenant, User
from tenants.tests.signing_in import SIGN_IN, refreshed, sign_in, works

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
YES = {"_form_submitted": "True"}
NEW_PASSWORD = "another-password-2"


@pytest.fixture
def acme():
    return open_tenant("acme")


@pytest.fixture
def person(acme):
    return as_platform(User, email="owner@acme.example")


def somebody_waits():
    """Tell whether a transaction waits for an advisory lock."""
    with connections["platform"].cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
        return cursor.fetchone()[0]


def also_in_globex(person):
    """Make the person a member of a second tenant; return it."""
    globex = open_tenant("globex")
    with tenant_context(globex):
        Membership.objects.create(user=person, role=Role.MEMBER)
    return globex


def test_a_new_password_ends_all_sessions_everywhere(acme, person):
    """Staff sets a password: in every tenant the person is signed out, and signs in with the new one only."""
    globex = also_in_globex(person)
    said = [sign_in(), sign_in(), sign_in(tenant="globex")]
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    answer = operator().post(reverse("admin:auth_user_password_change", args=[person.pk]), form)
    assert answer.status_code == 302, answer.content[:3000]
    for one in said:
        assert not works(one["access_token"])
        assert refreshed(one["refresh_token"]).status_code == 401
    assert APIClient().post("/api/v1/tokens", SIGN_IN).status_code == 401
    assert works(sign_in(password=NEW_PASSWORD)["access_token"])
    for tenant, count in ((acme, 2), (globex, 1)):
        with tenant_context(tenant):
            entries = list(AuditEntry.objects.filter(action="session.ended"))
            assert [entry.after for entry in entries] == [{"because": "person"}] * count
            assert all(entry.actor.startswith("staff:") for entry in entries)


def test_a_deactivation_ends_all_sessions_for_good(acme, person):
    """Who is made inactive is out at once, and made active again has to sign in."""
    said = sign_in()
    page = reverse("admin:tenants_user_change", args=[person.pk])
    client = operator()
    assert client.post(page, {"email": person.email, "name": ""}).status_code == 302
    assert not works(said["access_token"])
    assert APIClient().post("/api/v1/tokens", SIGN_IN).status_code == 401
    assert client.post(page, {"email": person.email, "name": "", "is_active": "on"}).status_code == 302
    assert not works(said["access_token"])
    assert refreshed(said["refresh_token"]).status_code == 401
    assert works(sign_in()["access_token"])


def test_it_leaves_the_others_alone(acme, person):
    """The sessions of one person are not another's."""
    with tenant_context(acme):
        other = Membership.objects.create(user=User.objects.create(email="b@acme.example"), role=Role.VIEWER)
        grant = sessions.open_session(other.user)
    sign_in()
    assert sessions.end_all(person.pk, because=Session.Revoked.PERSON, actor="system") == 1
    assert works(grant.access_token)


def test_who_is_inactive_is_out_however_it_came_about(acme, person):
    """Also without a word to the sessions: no route opens, and no refresh token is taken or used up."""
    said = sign_in()
    with platform():
        User.objects.filter(pk=person.pk).update(is_active=False)
    assert not works(said["access_token"])
    assert refreshed(said["refresh_token"]).status_code == 401
    with tenant_context(acme):
        assert RefreshToken.objects.get().used_at is None


def test_an_old_password_wins_no_race(acme, person):
    """Who signs in with the old password at the moment it is changed waits for the change, and stays out."""
    ended = []

    def with_the_old_one():
        try:
            with tenant_context(acme), transaction.atomic():
                sessions.open_session(person)
        except Unauthenticated:
            ended.append("refused")
        finally:
            connections.close_all()

    thread = Thread(target=with_the_old_one)
    with platform(), transaction.atomic(using="platform"):
        fresh = User.objects.get(pk=person.pk)
        fresh.set_password(NEW_PASSWORD)
        fresh.save()
        sessions.end_all(person.pk, because=Session.Revoked.PERSON, actor="system")
        thread.start()
        assert until(somebody_waits, timeout_s=10)
    thread.join(10)
    assert ended == ["refused"]


def test_a_new_password_waits_for_who_is_signing_in(acme, person):
    """Who was first with the old password is found when all sessions are ended, though they were not there before."""
    ended = []

    def end_them():
        ended.append(sessions.end_all(person.pk, because=Session.Revoked.PERSON, actor="system"))
        connections.close_all()

    thread = Thread(target=end_them)
    with tenant_context(acme), transaction.atomic():
        grant = sessions.open_session(person)
        thread.start()
        assert until(somebody_waits, timeout_s=10)
    thread.join(10)
    assert ended == [1]
    assert not works(grant.access_token)


def test_it_ends_with_the_tenant(acme):
    """A tenant that is not active lets nobody in, stay in, or refresh."""
    said = sign_in()
    with platform():
        Tenant.objects.filter(pk=acme.pk).update(active=False)
    assert not works(said["access_token"])
    assert refreshed(said["refresh_token"]).status_code == 401
    assert APIClient().post("/api/v1/tokens", SIGN_IN).status_code == 401


def test_staff_end_a_session_in_the_admin(acme, person):
    """The action asks first, ends this session for good, says who did it, and is gone afterwards."""
    gone, stays = sign_in(), sign_in()
    client = operator()
    page = reverse("admin:tenants_session_end_session", args=[gone["session_id"]])
    assert client.get(page).status_code == 200
    assert works(gone["access_token"])
    assert client.post(page, YES).status_code == 302
    assert not works(gone["access_token"])
    assert works(stays["access_token"])
    assert client.post(page, YES).status_code == 403
    with tenant_context(acme):
        entry = AuditEntry.objects.get(action="session.ended")
    assert (entry.after, entry.actor.partition(":")[0]) == ({"because": "admin"}, "staff")


def test_staff_without_the_right_end_nothing(acme):
    """Who may not see sessions cannot end one by its address."""
    said = sign_in()
    page = reverse("admin:tenants_session_end_session", args=[said["session_id"]])
    assert signed_in("bob@miosa.example", is_staff=True).post(page, YES).status_code == 403
    assert works(said["access_token"])


def test_the_admin_shows_no_token_and_asks_the_same_for_more(acme):
    """List and page of sessions hold neither token nor hash; more rows take no more queries."""
    said = sign_in()
    client = operator()
    few = queries(client, "tenants_session")
    for _ in range(3):
        sign_in()
    assert queries(client, "tenants_session") == few
    shown = client.get(reverse("admin:tenants_session_change", args=[said["session_id"]])).content.decode()
    assert "owner@acme.example" in shown
    with tenant_context(acme):
        digest = bytes(RefreshToken.objects.first().digest).hex()
    assert digest not in shown
    assert "miosa_r_" not in shown


@pytest.mark.parametrize(("days", "left"), [(29, 2), (31, 1)])
def test_beat_forgets_what_ended_long_ago(acme, days, left):
    """A month after its end a session is deleted with its tokens; a living one and its last tokens stay."""
    sign_in()
    refreshed(sign_in()["refresh_token"])
    ago = timezone.now() - timedelta(days=days)
    with tenant_context(acme):
        old = Session.objects.order_by("created").first()
        Session.objects.filter(pk=old.pk).update(expires_at=ago)
        RefreshToken.objects.exclude(used_at=None).update(used_at=ago)
    tasks.forget_ended_sessions()
    with tenant_context(acme):
        assert Session.objects.count() == left
        assert RefreshToken.objects.exclude(session=old).count() == left
        assert RefreshToken.objects.filter(session=old).count() == left - 1


def test_beat_forgets_what_was_ended_early(acme):
    """An ended session goes a month after its end, however long it could have lived."""
    sign_in()
    with tenant_context(acme):
        Session.objects.update(revoked_at=timezone.now() - timedelta(days=31), revoked_because="logout")
    tasks.forget_ended_sessions()
    with tenant_context(acme):
        assert not Session.objects.exists()
