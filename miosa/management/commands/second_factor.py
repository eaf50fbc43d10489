"""Staff who lost their second factor: `second_factor reset ada@miosa.example`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from miosa.pg.platform import platform
from tenants.models import User
from tenants.second_factor import authenticator


class Command(BaseCommand):
    """Ends the second factor of one person; they sign in with their password and may set up another."""

    help = "End the second factor of somebody of the staff who lost it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["reset"])
        parser.add_argument("email")

    def handle(self, *_args: Any, **options: Any) -> None:
        with platform():
            person = User.objects.filter(email=options["email"].lower()).first()
            if person is None:
                raise CommandError("There is nobody of this address: check it, nothing was changed.")
            if not authenticator.reset(person, actor="system"):
                raise CommandError("This person has no second factor: nothing was changed.")
        self.stdout.write(f"The second factor of {person.email} is off, and the audit log says so.")
