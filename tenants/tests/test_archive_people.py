"""People of an archive are those who have their e-mail address here, or are new and have no password."""

import pytest
from django.core.management import call_command
from django_tenants.utils import tenant_context

from agents.models import Execution
from miosa.pg.platform import platform
from tenants import api_keys
from tenants.archive.importing import import_
from tenants.models import (
    ApiKey,
    Membership,
    Role,
    Session,
    StoredSecret,
    User,
)
from tenants.tests.archives import archive, changed_row, forged, people, whole

__all__ = ["archive", "whole"]
pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

OWNER = "owner@acme.example"


def person(email: str, **fields) -> User:
    with platform():
        return User.objects.create_user(email, "their-own-password-1", **fields)


def test_somebody_new_has_no_password(archive):
    """They are a member as they were, with their id, and cannot sign in until a password is set."""
    imported = import_(archive)
    assert imported.new_people == 1
    made = people()[OWNER]
    assert not made.has_usable_password()
    assert not made.is_staff
    with tenant_context(imported.tenant):
        assert Membership.objects.get(user=made.pk).role == Role.OWNER
    assert not any(made.check_password(text) for text in ("", "acme-password-1", made.password))


def test_somebody_known_stays_who_they_are(archive):
    """Their id, name and password here are kept, and every row that names them names them here."""
    known = person(OWNER, name="Known Here")
    imported = import_(archive)
    assert imported.new_people == 0
    assert people()[OWNER].name == "Known Here"
    with tenant_context(imported.tenant):
        assert Membership.objects.get().user_id == known.pk
        assert {key.created_by_id for key in ApiKey.objects.all()} == {known.pk}
    assert people()[OWNER].check_password("their-own-password-1")


def test_an_id_that_is_somebody_elses_is_not_taken(archive):
    """Who has the id of the archive under another address is another person."""
    import_(archive)
    former = people()[OWNER].pk
    call_command("tenants", "erase", "acme", "--yes")
    other = person("other@acme.example", id=former)
    imported = import_(archive)
    with tenant_context(imported.tenant):
        assert Membership.objects.get().user_id not in {other.pk, former}


def test_the_inactive_stay_inactive(archive):
    """Somebody who was shut out where they came from is not let in by the way."""
    files = changed_row(archive, "tenants_user", is_active="false")
    import_(forged(archive, files=files))
    assert not people()[OWNER].is_active


def test_nobody_becomes_staff(archive):
    """An archive has no place for it, and none for a password."""
    import_(archive)
    assert [(user.is_staff, user.is_superuser) for user in people().values()] == [(False, False)]


def test_no_credential_arrives(archive):
    """Keys are there by name and revoked, nobody is signed in, and secrets are to be set again."""
    imported = import_(archive)
    with tenant_context(imported.tenant):
        key = ApiKey.objects.get()
        assert key.revoked_at
        assert Execution.objects.exists()
        assert not Session.objects.exists()
        assert not StoredSecret.objects.exists()
        _, plain = api_keys.make("new", scopes=["executions:read"])
        assert api_keys.resolve(plain)
