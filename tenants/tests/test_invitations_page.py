"""The page of a letter's link, and invitations and members in the admin."""

import io
import logging
import re

import pytest
from django.test import Client
from django.urls import reverse
from django_tenants.utils import tenant_context

from miosa.http.log_lines import SecretlessFormatter
from miosa.pg.platform import platform
from miosa.testing.fixtures import client_of, open_tenant
from miosa.tests.admin_rows import operator, queries
from tenants.models import AuditEntry, Invitation, Membership, User

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
LINK = re.compile(r"http://127\.0\.0\.1:8000(/invitations/miosa_i_[0-9a-f]{32}_[\w-]{43})")


def found(pattern, text):
    """The first group of the pattern in the text; it has to be there."""
    match = pattern.search(text)
    assert match, text
    return match[1]


@pytest.fixture
def acme():
    return open_tenant("acme")


def page_for(tenant, email="bob@acme.example", role="member"):
    made = client_of(tenant).post("/api/v1/invitations", {"email": email, "role": role}).json()
    return found(LINK, made["link"])


def browser():
    """A browser that has to bring the CSRF token, as real ones."""
    return Client(enforce_csrf_checks=True)


def fill_in(client, path, **values):
    token = found(re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"'), client.get(path).content.decode())
    return client.post(path, {"csrfmiddlewaretoken": token, "way": "password", **values})


def test_a_person_accepts_on_the_page(acme):
    """The page says what is offered; name and password on its form make a member who can sign in."""
    path, client = page_for(acme), browser()
    page = client.get(path)
    text = page.content.decode()
    assert page.status_code == 200
    assert all(told in text for told in ("Acme", "bob@acme.example", "Member", "At least 10 characters"))
    assert "no-store" in page["Cache-Control"]
    answer = fill_in(client, path, name="Bob", password="bob-is-a-new-member")
    assert answer.status_code == 201
    assert "Welcome to Acme" in answer.content.decode()
    with tenant_context(acme):
        seat = Membership.objects.select_related("user").get(user__email="bob@acme.example")
        assert (seat.role, seat.user.name) == ("member", "Bob")
        assert seat.user.check_password("bob-is-a-new-member")


def test_it_can_be_used_without_eyes_and_mouse(acme):
    """Language, title, headings and labels are there, what is wrong is announced and tied to its field, no script runs."""
    path, client = page_for(acme), browser()
    text = client.get(path).content.decode()
    assert '<html lang="en">' in text
    assert "<title>Invitation to Acme</title>" in text
    for name in ("name", "password"):
        assert f'<label for="{name}">' in text
        assert f'id="{name}"' in text
    assert "<script" not in text
    answer = fill_in(client, path, name="Bob", password="short")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert '<div class="wrong" role="alert" id="wrong">' in text
    assert 'aria-invalid="true"' in text
    assert "too short" in text
    assert 'value="Bob"' in text
    assert "<title>Not yet: " in text


def test_a_known_person_is_asked_for_their_own_password(acme):
    """No new password is offered, a wrong one is told, the right one seats them."""
    open_tenant("globex")
    path, client = page_for(acme, "owner@globex.example"), browser()
    text = client.get(path).content.decode()
    assert 'autocomplete="current-password"' in text
    assert 'id="name"' not in text
    wrong = fill_in(client, path, password="not-my-password")
    assert (wrong.status_code, "known already" in wrong.content.decode()) == (401, True)
    assert fill_in(client, path, password="globex-password-1").status_code == 201


def test_the_page_takes_nothing_without_its_own_token(acme):
    """A form of another site is refused, and nothing of the link's secret reaches the log."""
    path, client = page_for(acme), browser()
    client.get(path)
    assert client.post(path, {"way": "password", "password": "bob-is-a-new-member"}).status_code == 403
    with platform():
        assert not User.objects.filter(email="bob@acme.example").exists()


@pytest.mark.parametrize("token", ["x", "miosa_i_" + "0" * 32 + "_" + "a" * 43])
def test_a_void_link_is_told_on_a_page(acme, token):
    """Who opens a link that is none, or no more, reads what to do."""
    answer = Client().get(f"/invitations/{token}")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
    assert "ask for a new one" in answer.content.decode()


def test_no_log_line_holds_the_link(acme):
    """What Django quotes of a refused request, its path, is written to the log without the token."""
    path, client, written = page_for(acme), browser(), io.StringIO()
    client.get(path)
    (handler,) = [
        one
        for one in logging.getLogger().handlers
        if isinstance(one, logging.StreamHandler) and isinstance(one.formatter, SecretlessFormatter)
    ]
    before = handler.setStream(written)
    try:
        assert client.post(path, {"way": "password"}).status_code == 403
    finally:
        handler.setStream(before)
    assert "/invitations/[hidden]" in written.getvalue()
    assert path.split("_", 3)[3] not in written.getvalue()


def test_staff_invite_in_the_admin(acme):
    """The form makes an invitation of the chosen tenant and shows its link in this answer alone."""
    client = operator()
    form = {"tenant": acme.pk, "email": "Bob@acme.example", "role": "owner"}
    answer = client.post(reverse("admin:tenants_invitation_add"), form)
    path = found(LINK, answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    with tenant_context(acme):
        row = Invitation.objects.get()
        assert (row.email, row.role) == ("bob@acme.example", "owner")
        assert AuditEntry.objects.get(action="invitation.created").actor.startswith("staff:")
    for page in ("tenants_invitation_changelist", "tenants_invitation_change"):
        address = reverse(f"admin:{page}", args=[row.pk] if page.endswith("change") else [])
        assert path not in client.get(address).content.decode()
    assert Client().get(path).status_code == 200
    again = client.post(reverse("admin:tenants_invitation_add"), form, follow=True)
    assert "has an open invitation" in again.content.decode()


def test_staff_take_an_invitation_back(acme):
    """Asked first, then for good; a second time there is nothing to take back."""
    path = page_for(acme)
    client = operator()
    with tenant_context(acme):
        row = Invitation.objects.get()
    way = reverse("admin:tenants_invitation_take_back", args=[row.pk])
    assert "opens nothing from now on" in client.get(way).content.decode()
    assert client.post(way, {"_form_submitted": "True"}).status_code == 302
    assert Client().get(path).status_code == 404
    assert client.post(way, {"_form_submitted": "True"}).status_code == 403


@pytest.mark.parametrize("wrong", [{"tenant": ""}, {"email": "nobody"}, {"role": "king"}])
def test_a_wrong_form_invites_nobody(acme, wrong):
    """The form comes back with what is wrong."""
    form = {"tenant": acme.pk, "email": "bob@acme.example", "role": "member"} | wrong
    assert operator().post(reverse("admin:tenants_invitation_add"), form).status_code == 200
    with tenant_context(acme):
        assert not Invitation.objects.exists()


def test_the_list_takes_as_many_queries_for_more_rows(acme):
    """The number of queries does not follow the number of invitations."""
    client = operator()
    page_for(acme)
    few = queries(client, "tenants_invitation")
    for number in range(4):
        page_for(acme, f"guest-{number}@acme.example")
    assert queries(client, "tenants_invitation") == few


def test_members_changed_in_the_admin_are_recorded_once(acme):
    """Adding, changing and removing a member in the admin goes the way of all: one entry each, by the member of staff."""
    client = operator()
    with platform():
        person = User.objects.create_user("carol@acme.example")
    form = {"tenant": acme.pk, "user": person.pk, "role": "viewer"}
    assert client.post(reverse("admin:tenants_membership_add"), form).status_code == 302
    with tenant_context(acme):
        seat = Membership.objects.get(user=person)
    change = reverse("admin:tenants_membership_change", args=[seat.pk])
    assert client.post(change, {"role": "admin"}).status_code == 302
    delete = reverse("admin:tenants_membership_delete", args=[seat.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 302
    with tenant_context(acme):
        entries = AuditEntry.objects.filter(action__contains="member").order_by("number")
        assert [entry.action for entry in entries] == [
            "member.added",
            "member.role_changed",
            "member.removed",
        ]
        assert all(entry.actor.startswith("staff:") for entry in entries)
        assert not Membership.objects.filter(user=person).exists()
