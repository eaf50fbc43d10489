"""`createsuperuser`: Django's command on the login that may make staff."""

from argparse import ArgumentParser

from django.contrib.auth.management.commands import createsuperuser


class Command(createsuperuser.Command):
    """The application's own login can make people, and nobody who enters the admin."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)  # type: ignore[arg-type]
        parser.set_defaults(database="platform")
