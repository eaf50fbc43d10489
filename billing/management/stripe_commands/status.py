"""`stripe status`: how many rows of each kind wait, are done, or need somebody to look."""

from typing import Any

from django.core.management.base import CommandParser, OutputWrapper
from django.db.models import Count

from billing.models import BillingAccount, MeterEvent, StripeCall, StripeEvent, UsageToTell
from billing.payments import door
from miosa.pg.platform import platform
from tenants.places import place, places

NAME = "status"
HELP = "Tell what waits, what is done, and what needs somebody to look; exit code 1 where something does."
NEEDS_A_LOOK = {"refused", "old", "unsure", "parked"}
TABLES = (
    (MeterEvent, "state"),
    (StripeCall, "state"),
    (BillingAccount, "standing"),
)


def add_arguments(_parser: CommandParser) -> None:
    """None."""


def run(_options: dict[str, Any], out: OutputWrapper) -> int:
    """Print the counts, and return 1 where something needs a look."""
    out.write(
        "Stripe: " + ("a live key" if door.is_live() else "a test key" if door.is_configured() else "no key")
    )
    counts: dict[tuple[str, str], int] = {}
    with platform():
        for schema in places():
            with place(schema):
                for model, column in TABLES:
                    _add(counts, model, column)
                notes = UsageToTell.objects.count()
                counts["usage", "not added up"] = counts.get(("usage", "not added up"), 0) + notes
        _add(counts, StripeEvent, "state")
    for (name, state), number in sorted(counts.items()):
        out.write(f"{name}, {state}: {number}")
    return 1 if any(number and state in NEEDS_A_LOOK for (_, state), number in counts.items()) else 0


def _add(counts: dict[tuple[str, str], int], model: Any, column: str) -> None:
    name = str(model._meta.verbose_name_plural)
    for state, number in model.objects.values_list(column).annotate(Count("pk")):
        counts[name, state] = counts.get((name, state), 0) + number
