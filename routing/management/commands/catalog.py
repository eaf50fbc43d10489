"""The catalogue of models, held against what others say of them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from routing.catalog import Catalog
from routing.catalog_file import DEFAULT_FILE, load
from routing.errors import InvalidCatalog
from routing.upkeep import offers, price_list, report
from routing.upkeep.comparison import compare

UNSOUND, MISUSED = 1, 2


class Command(BaseCommand):
    """`manage.py catalog check`: exit code 1 where something differs or is gone, 2 where it cannot be checked."""

    help = "Compare the models of the catalogue with a price list and with what the providers serve."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Give the sub-command its arguments."""
        subparsers = parser.add_subparsers(dest="subcommand", metavar="check", required=True)
        check = subparsers.add_parser(
            "check", help="prices, context windows and retired names; providers are asked where a key is set"
        )
        check.add_argument("--json", action="store_true", help="print one line of JSON instead of the table")
        check.add_argument("--file", type=Path, default=DEFAULT_FILE, metavar="FILE",
                           help="check this catalogue instead of the product's own")  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        """Compare and print."""
        try:
            catalog = load(options["file"])
        except InvalidCatalog as error:
            raise CommandError(str(error), returncode=MISUSED) from error
        prices = price_list.read(catalog, now=datetime.now(UTC))
        check = compare(catalog, prices, offers=offers.ask(catalog, _variables(catalog)))
        for line in [report.as_json(check)] if options["json"] else report.as_lines(check):
            self.stdout.write(line)
        if not check.sound:
            raise SystemExit(UNSOUND)


def _variables(catalog: Catalog) -> dict[str, str]:
    names = {name for facts in catalog.providers for name in (facts.key_variable, facts.url_variable) if name}
    return {name: settings.ENVIRONMENT.value_of(name) for name in names}
