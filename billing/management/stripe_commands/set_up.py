"""`stripe set-up`: the meter and the prices that everything else needs; again, it changes nothing."""

from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper

from billing.payments import catalog
from billing.price_list import plans_at
from miosa.http.problem import Problem

NAME = "set-up"
HELP = "Make the meter, products and prices at Stripe that are not there yet."


def add_arguments(_parser: CommandParser) -> None:
    """None."""


def run(_options: dict[str, Any], out: OutputWrapper) -> int:
    """Print what there is."""
    try:
        out.write(f"meter {catalog.METER}: {catalog.meter()}")
        out.write(f"price of usage: {catalog.usage_price()}")
        for plan in plans_at().values():
            for (currency, interval), amount in sorted(plan.prices.items()):
                if plan.offered and amount and currency == catalog.USAGE_CURRENCY:
                    price = catalog.plan_price(plan, interval, currency)
                    out.write(f"price of {plan.name}, {currency} by the {interval}: {price}")
    except Problem as error:
        raise CommandError(str(error)) from error
    return 0
