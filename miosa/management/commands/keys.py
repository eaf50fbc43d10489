"""The keys that sign access tokens."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from miosa.pg.platform import platform
from tenants import signing_keys, tokens
from tenants.models import SigningKey

LONGEST_RETIREMENT_S = 86_400
LINE = "{:<34}{:<11}{:<15}{:<22}{}"
NO_KEYS = (
    "JWT_ALGORITHM is HS256: access tokens are signed with JWT_SECRET, and there are no keys. To sign with keys that"
    " others can verify, set JWT_ALGORITHM to EdDSA or RS256."
)


class Command(BaseCommand):
    """`manage.py keys list | rotate`."""

    help = "Show or rotate the keys that sign access tokens."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Two things can be done with keys."""
        doing = parser.add_subparsers(dest="doing", required=True, metavar="list | rotate")
        doing.add_parser("list", help="show every key, never its private half")
        rotate = doing.add_parser("rotate", help="sign with a new key from now on")
        rotate.add_argument(
            "--retire-after",
            type=int,
            default=0,
            metavar="SECONDS",
            help="let the old key sign for so long, while the new one is published already (default 0)",
        )
        rotate.add_argument(
            "--leaked",
            action="store_true",
            help="refuse at once what the old keys signed: everybody refreshes their access token",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["doing"] == "list":
            self._list()
        else:
            self._rotate(options["retire_after"], leaked=options["leaked"])

    def _list(self) -> None:
        with platform():
            rows = list(SigningKey.objects.order_by("created", "kid"))
        if settings.ENVIRONMENT.jwt_algorithm == tokens.SYMMETRIC:
            self.stdout.write(NO_KEYS)
        elif not rows:
            self.stdout.write("There is no key yet: the first one is made when somebody signs in.")
        if rows:
            self.stdout.write(LINE.format("kid", "algorithm", "state", "made", "verifies until"))
        for row in rows:
            until = f"{row.expires_at:%Y-%m-%d %H:%M:%S}" if row.expires_at else "it is rotated"
            self.stdout.write(
                LINE.format(row.kid, row.algorithm, _state(row), f"{row.created:%Y-%m-%d %H:%M:%S}", until)
            )

    def _rotate(self, retire_after_s: int, *, leaked: bool) -> None:
        algorithm = settings.ENVIRONMENT.jwt_algorithm
        if algorithm == tokens.SYMMETRIC:
            raise CommandError(f"{NO_KEYS} To replace the secret itself, give JWT_SECRET another value.")
        if not 0 <= retire_after_s <= LONGEST_RETIREMENT_S:
            raise CommandError(f"--retire-after is a number of seconds from 0 to {LONGEST_RETIREMENT_S}.")
        if leaked and retire_after_s:
            raise CommandError("A leaked key signs nothing more: leave out --retire-after, or --leaked.")
        made = signing_keys.rotate(algorithm, retire_after_s=retire_after_s, distrust=leaked)
        when = f"in {retire_after_s} s" if retire_after_s else "from now on"
        self.stdout.write(f"{made.kid} ({algorithm}) is published, and signs {when}.")
        self.stdout.write(f"Every process follows within {signing_keys.FOLLOWED_WITHIN_S:.0f} s.")
        self.stdout.write(
            "Tokens of the old keys are refused: clients refresh them."
            if leaked
            else "Tokens of the old keys stay valid until they expire."
        )


def _state(row: SigningKey) -> str:
    now = timezone.now()
    if signing_keys.signs(row, now):
        return "signs" if row.retired_at is None else "retiring"
    return "verifies" if signing_keys.verifies(row, now) else "expired"
