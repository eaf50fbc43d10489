"""`changepassword ann@acme.example`: Django's command on the login that may, and whoever was signed in is out."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.core.management.base import CommandError
from django.db import transaction

from miosa.pg.platform import platform
from tenants import audit, sessions
from tenants.models import Session, User


class Command(changepassword.Command):
    """Asks for the new password twice; the person's sessions end with the old one."""

    help = "Give a person a new password; all their sessions end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)  # type: ignore[arg-type]
        parser.set_defaults(database="platform")

    def handle(self, *args: Any, **options: Any) -> str | None:
        email = (options["username"] or "").lower()
        with platform(), transaction.atomic(using="platform"):
            person = User.objects.filter(email=email).first()
            if person is None:
                raise CommandError("Give the e-mail address of somebody who is known here.")
            told: str | None = super().handle(*args, **options | {"username": email})
            sessions.end_all(person.pk, because=Session.Revoked.PERSON, actor="system")
            audit.record_platform(
                "person.password_changed", actor="system", object_type="user", object_id=person.pk
            )
        return told
