"""What is sold, as Stripe knows it: a product for each plan, prices by what they say, one meter of usage.

Names made of what they stand for: looking them up before making them needs no table of ours, and two processes that
make the same find each other's.
"""

from functools import cache
from typing import Any

from django.conf import settings

from billing.models.plan_terms import PlanPrice
from billing.payments import door
from billing.plans import Plan

METER = "miosa_usage_micros"
USAGE = "miosa-usage"
CREDIT = "miosa-credit"
PLAN = "miosa-plan-"
USAGE_CURRENCY = "USD"  # what micro-dollars are a millionth of
CENTS_PER_MICRO = "0.0001"


def plan_of(product: str) -> str:
    """Return the slug of the plan that a product stands for, "" for another product."""
    return product.removeprefix(PLAN) if product.startswith(PLAN) else ""


def plan_price(plan: Plan, interval: str, currency: str) -> str:
    """Return the id of the price of a plan, made where it is missing."""
    amount = plan.prices[currency, interval]
    product = _product(_key(), f"{PLAN}{plan.slug}", plan.name)
    return _price(
        _key(),
        f"{product}-{interval}-{currency.lower()}-{amount}",
        product=product,
        currency=currency.lower(),
        unit_amount=amount,
        recurring=(("interval", interval),),
    )


def usage_price() -> str:
    """Return the id of the price of usage: a ten-thousandth of a cent for each micro-dollar, by the month."""
    product = _product(_key(), USAGE, "Usage")
    recurring = (("interval", str(PlanPrice.Interval.MONTH)), ("meter", meter()), ("usage_type", "metered"))
    return _price(
        _key(),
        f"{USAGE}-month-usd",
        product=product,
        currency=USAGE_CURRENCY.lower(),
        unit_amount_decimal=CENTS_PER_MICRO,
        recurring=recurring,
    )


def credit_product() -> str:
    """Return the id of the product that packs of credit are."""
    return _product(_key(), CREDIT, "Prepaid credit")


def meter() -> str:
    """Return the id of the meter of usage."""
    return _meter(_key())


def _key() -> str:
    """What is known belongs to one account at one place."""
    environment = settings.ENVIRONMENT
    return f"{environment.stripe_api_base} {environment.stripe_secret_key}"


@cache
def _meter(_of: str) -> str:
    for one in door.read_all("billing.meters.list", status="active"):
        if one["event_name"] == METER:
            return str(one["id"])
    made = door.post(
        "billing.meters.create",
        {
            "display_name": "Usage in micro-dollars",
            "event_name": METER,
            "default_aggregation": {"formula": "sum"},
            "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
            "value_settings": {"event_payload_key": "value"},
        },
        key=f"meter:{METER}",
    )
    return str(made["id"])


@cache
def _product(_of: str, product_id: str, name: str) -> str:
    try:
        return str(door.read("products.retrieve", product_id)["id"])
    except door.StripeRefused as error:
        if error.code != "resource_missing":
            raise
    made = door.post("products.create", {"id": product_id, "name": name}, key=f"product:{product_id}")
    return str(made["id"])


@cache
def _price(_of: str, lookup_key: str, *, recurring: tuple[tuple[str, str], ...], **values: Any) -> str:
    for one in door.read_all("prices.list", lookup_keys=[lookup_key], active=True):
        return str(one["id"])
    params = {**values, "lookup_key": lookup_key, "recurring": dict(recurring)}
    return str(door.post("prices.create", params, key=f"price:{lookup_key}")["id"])
