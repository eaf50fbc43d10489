"""The commands for people that operators know from Django, on the login that may change people."""

import pytest
from django.core.management import CommandError, call_command

from miosa.management.commands.changepassword import Command
from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from tenants.models import PlatformAuditEntry, User
from tenants.tests.signing_in import bearer, sign_in

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
NEW = "a-much-better-one-7"


class Typed(Command):
    """The command with somebody at the keyboard."""

    def _get_pass(self, prompt="Password: "):
        return NEW


def test_a_new_password_ends_every_session(capsys):
    """Who was signed in with the old password is out at once, and the audit log says why."""
    open_tenant("acme")
    said = sign_in()
    assert bearer(said["access_token"]).get("/api/v1/agents").status_code == 200
    call_command(Typed(), "Owner@acme.example")
    assert bearer(said["access_token"]).get("/api/v1/agents").status_code == 401
    with platform():
        assert User.objects.get(email="owner@acme.example").check_password(NEW)
        assert PlatformAuditEntry.objects.filter(action="person.password_changed").exists()


@pytest.mark.parametrize("email", [None, "nobody@acme.example"])
def test_an_unknown_person_is_refused(email):
    """Nobody is guessed from the account that runs the command."""
    with pytest.raises(CommandError, match="known here"):
        call_command(Typed(), *([email] if email else []))


def test_it_makes_staff():
    """The application's login may not, so the command takes the platform's."""
    call_command("createsuperuser", interactive=False, email="ada@miosa.example", verbosity=0)
    with platform():
        assert User.objects.get(email="ada@miosa.example").is_superuser
