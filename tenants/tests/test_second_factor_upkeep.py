"""The second factor of staff: slow to guess, given up, reset, and kept where nobody reads it."""

from base64 import b32decode
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from miosa.pg.platform import platform
from tenants import vault
from tenants.models import Authenticator, PlatformAuditEntry, RecoveryCode, User
from tenants.second_factor import authenticator
from tenants.tests.staff_browser import (
    CODE_PAGE,
    DISABLING,
    ENROLMENT,
    PASSWORD,
    code_of,
    enrolled,
    recorded,
    secret_on,
    with_password,
)

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def ada():
    with platform():
        return User.objects.create_superuser("ada@miosa.example", PASSWORD)


@pytest.fixture
def required(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, staff_second_factor="required")


def test_guessing_is_slowed_down(ada):
    """After a wrong code not even the right one counts until the wait is over; each wrong one doubles it."""
    secret, _ = enrolled(with_password())
    client = with_password()
    assert "Wait 1 s" in client.post(CODE_PAGE, {"code": "000000"}).content.decode()
    assert client.post(CODE_PAGE, {"code": code_of(secret)}).status_code == 200
    with platform():
        device = Authenticator.objects.get()
        assert device.throttling_failure_count == 1
        for failures in (2, 3):
            Authenticator.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(minutes=1))
            assert authenticator.check(ada, "000000").wait_s == 2 ** (failures - 1)
        Authenticator.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(minutes=1))
    assert client.post(CODE_PAGE, {"code": code_of(secret)}).status_code == 302


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\0", "-1"])
def test_what_is_no_code_opens_nothing(ada, code):
    """Whatever is sent instead of a code is a wrong one."""
    enrolled(with_password())
    client = with_password()
    assert client.post(CODE_PAGE, {"code": code}).status_code == 200
    assert client.get("/admin/").status_code == 302


def test_nobody_enrols_a_second_app_past_the_first(ada):
    """With the password alone the enrolment page of who has an app leads to the code, by GET and POST."""
    enrolled(with_password())
    client = with_password()
    assert client.get(ENROLMENT)["Location"] == CODE_PAGE
    assert client.post(ENROLMENT, {"code": "123456"})["Location"] == CODE_PAGE
    assert client.post(DISABLING, {"password": PASSWORD, "code": "123456"}).status_code == 302
    with platform():
        assert Authenticator.objects.get().confirmed


def test_giving_it_up_takes_password_and_code(ada):
    """Either alone changes nothing; both turn it off, and the log says so."""
    client = with_password()
    secret, codes = enrolled(client)
    assert "10 recovery codes left" in client.get(ENROLMENT).content.decode()
    wrong = client.post(DISABLING, {"password": "another-password", "code": codes[0]})
    assert "Password or code is wrong" in wrong.content.decode()
    assert client.post(DISABLING, {"password": PASSWORD, "code": "000000"}).status_code == 200
    with platform():
        assert Authenticator.objects.filter(confirmed=True).exists()
        Authenticator.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    assert client.post(DISABLING, {"password": PASSWORD, "code": code_of(secret)}).status_code == 302
    assert with_password().get("/admin/").status_code == 200
    assert ("second_factor.disabled", None) in recorded()


def test_a_wrong_first_code_enrols_nothing(ada):
    """Until a code of the app confirms it, the app does not count and nothing is asked."""
    client = with_password()
    secret_on(client.get(ENROLMENT))
    assert client.post(ENROLMENT, {"code": "000000"}).status_code == 200
    assert with_password().get("/admin/").status_code == 200
    with platform():
        assert not RecoveryCode.objects.exists()


def test_a_lost_telephone_is_reset_by_command(ada, capsys):
    """The command turns it off for one person and is recorded; for nobody, or without a device, it says so."""
    enrolled(with_password())
    call_command("second_factor", "reset", "Ada@miosa.example")
    assert "is off" in capsys.readouterr().out
    assert with_password().get("/admin/").status_code == 200
    with platform():
        entry = PlatformAuditEntry.objects.get(action="second_factor.reset")
        assert (entry.actor, entry.object_id) == ("system", str(ada.pk))
    with pytest.raises(CommandError, match="no second factor"):
        call_command("second_factor", "reset", "ada@miosa.example")
    with pytest.raises(CommandError, match="nobody of this address"):
        call_command("second_factor", "reset", "nobody@miosa.example")


def test_the_secret_lies_sealed_and_the_codes_hashed(ada):
    """Neither the app's secret nor a recovery code stands in any column; the secret opens for its person only."""
    secret, codes = enrolled(with_password())
    raw = b32decode(secret.replace(" ", ""))
    with platform():
        device = Authenticator.objects.get()
        assert vault.open_sealed(device.key_id, device.sealed, purpose=f"second-factor:{ada.pk}") == raw
        with pytest.raises(vault.CannotOpen):
            vault.open_sealed(device.key_id, device.sealed, purpose="second-factor:somebody-else")
        held = bytes(device.sealed) + b"".join(bytes(row.digest) for row in RecoveryCode.objects.all())
    assert raw not in held
    assert raw.hex().encode() not in held
    assert all(code.encode() not in held and code.replace("-", "").encode() not in held for code in codes)


@pytest.mark.parametrize("table", ["tenants_authenticator", "tenants_recoverycode"])
@pytest.mark.parametrize("way", ["SELECT 1 FROM {}", "DELETE FROM {}", "UPDATE {} SET id = id"])
def test_the_application_cannot_touch_the_tables(ada, table, way):
    """The login that serves tenants is refused, whatever it asks."""
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(way.format(table))


def test_strangers_get_no_page(ada):
    """Without a session, and for people who are not staff, every page leads to the sign-in."""
    visitor = Client()
    with platform():
        visitor.force_login(User.objects.create_user("bob@miosa.example", PASSWORD))
    for client in (Client(), visitor):
        for path in (CODE_PAGE, ENROLMENT, DISABLING):
            assert client.get(path)["Location"].startswith("/admin/login/"), path
