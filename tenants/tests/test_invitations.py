"""Invitations over the API: made, shown once, mailed, listed, taken back, accepted."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from miosa.pg.platform import platform
from miosa.testing.fixtures import client_of, open_tenant
from tenants.models import AuditEntry, Invitation, Role, User
from tenants.tests.guests import NEW, accept, invite

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
ROLES = [Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER]


@pytest.fixture
def acme():
    made = open_tenant("acme")
    with tenant_context(made):
        yield made


@pytest.fixture
def api(acme):
    return client_of(acme)


def test_it_brings_a_new_person_in(acme, api):
    """The link's token, a name and a password make a person who signs in at once with the role offered."""
    made = invite(api, role="admin")
    answer = accept(made["token"])
    assert answer.status_code == 201, answer.content
    assert answer.json() == {"email": "bob@acme.example", "role": "admin", "tenant": "acme"}
    signed_in = APIClient().post(
        "/api/v1/tokens", {"email": "bob@acme.example", "password": NEW["password"], "tenant": "acme"}
    )
    assert signed_in.status_code == 201
    told = [entry.action for entry in AuditEntry.objects.order_by("number")]
    assert [action for action in told if action.startswith(("invitation.", "member."))] == [
        "invitation.created",
        "member.added",
        "invitation.accepted",
    ]
    assert AuditEntry.objects.get(action="invitation.accepted").actor.startswith("user:")


def test_it_shows_the_link_once(acme, api):
    """The answer to making it holds link and token, kept by no cache; no list, table or log does."""
    answer = api.post("/api/v1/invitations", {"email": "Bob@Acme.Example"})
    made = answer.json()
    assert answer["Cache-Control"] == "no-store"
    assert made["link"] == f"http://127.0.0.1:8000/invitations/{made['token']}"
    assert made["token"].startswith(f"miosa_i_{acme.pk.hex}_")
    assert (made["email"], made["role"], made["state"]) == ("bob@acme.example", "member", "open")
    secret = made["token"].split("_", 3)[3]
    assert secret not in api.get("/api/v1/invitations").content.decode()
    with connection.cursor() as cursor:
        for table in ("tenants_invitation", "tenants_auditentry"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            assert secret not in cursor.fetchone()[0]


def test_it_mails_the_link(acme, api):
    """The person gets a letter with the link, the tenant's name and who invites; nobody else does."""
    made = invite(api)
    (letter,) = mail.outbox
    assert letter.to == ["bob@acme.example"]
    assert made["link"] in letter.body
    assert "Acme" in letter.subject
    assert "owner@acme.example" in letter.body


def test_a_letter_that_cannot_be_sent_costs_nothing(acme, api, settings, caplog):
    """The invitation stands, its link was shown, and the log tells the failure without the link."""
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = 1
    made = invite(api)
    assert "was not sent" in caplog.text
    assert made["token"] not in caplog.text
    assert accept(made["token"]).status_code == 201


def test_it_keeps_letters_in_files_only_we_can_read(acme, api, settings, tmp_path):
    """Without a mail server the letter lies in a folder that is closed to other accounts."""
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "miosa.mail.KeptMail", str(tmp_path / "mail")
    made = invite(api)
    (letter,) = (tmp_path / "mail").iterdir()
    assert made["token"] in letter.read_text().replace("=\n", "")
    assert (tmp_path / "mail").stat().st_mode & 0o077 == 0


def test_it_is_good_once(acme, api):
    """A used link is void, also for the person who used it."""
    made = invite(api)
    assert accept(made["token"]).status_code == 201
    again = accept(made["token"])
    assert again.status_code == 404
    assert "unknown, used, revoked or expired" in again.json()["detail"]


def test_it_ends_after_seven_days(acme, api):
    """An expired link is void, and the address can be invited anew."""
    made = invite(api)
    row = Invitation.objects.get()
    assert row.expires_at - row.created == pytest.approx(timedelta(days=7), abs=timedelta(seconds=5))
    Invitation.objects.update(expires_at=timezone.now())
    assert accept(made["token"]).status_code == 404
    assert accept(invite(api)["token"]).status_code == 201


def test_it_can_be_taken_back(acme, api):
    """A revoked link is void at once; revoking again and revoking a used one change nothing."""
    made = invite(api)
    place = f"/api/v1/invitations/{made['id']}"
    assert api.delete(place).status_code == 204
    assert accept(made["token"]).status_code == 404
    assert api.delete(place).status_code == 204
    assert AuditEntry.objects.filter(action="invitation.revoked").count() == 1
    rows = api.get("/api/v1/invitations").json()["items"]
    assert [row["state"] for row in rows] == ["revoked"]


@pytest.mark.parametrize(
    "token",
    ["", "null", "miosa_i_", "miosa_i_" + "0" * 32 + "_" + "a" * 43, "miosa_i_" + "g" * 32 + "_" + "a" * 43],
)
def test_it_refuses_what_is_no_token(acme, token):
    """Whatever is sent instead of a token is void or not valid, and makes nobody."""
    assert accept(token).status_code in {404, 422}
    with platform():
        assert User.objects.count() == 1


def test_a_token_opens_its_own_tenant_only(acme, api):
    """The same secret under the neighbour's name finds nothing."""
    globex = open_tenant("globex")
    made = invite(api)
    assert accept(made["token"].replace(acme.pk.hex, globex.pk.hex)).status_code == 404
    other = client_of(globex)
    assert other.delete(f"/api/v1/invitations/{made['id']}").status_code == 404
    assert other.get("/api/v1/invitations").json()["items"] == []


def test_one_open_invitation_for_an_address(acme, api):
    """A second one is refused until the first is taken back; a member is not invited at all."""
    made = invite(api)
    again = api.post("/api/v1/invitations", {"email": "BOB@acme.example"})
    assert again.status_code == 409
    api.delete(f"/api/v1/invitations/{made['id']}")
    accept(invite(api)["token"])
    member = api.post("/api/v1/invitations", {"email": "bob@acme.example"})
    assert (member.status_code, member.json()["detail"]) == (409, "This address belongs to a member already.")
