"""Customers, products, prices and meters."""

from typing import Any

from miosa.testing.stripe_double.world import Refusal, World

Given = dict[str, Any]


def make_customer(world: World, given: Given) -> Any:
    given.setdefault("metadata", {})
    made = world.make("customer", "cus", **given)
    world.tell("customer.created", made)
    return made


def read_customer(world: World, _given: Given, identifier: str) -> Any:
    return world.get(identifier, "customer")


def make_product(world: World, given: Given) -> Any:
    if given.get("id") in world.objects:
        raise Refusal(400, "Product already exists.", code="resource_already_exists", param="id")
    return world.make("product", "prod", active=True, updated=world.now, metadata={}, **given)


def read_product(world: World, _given: Given, identifier: str) -> Any:
    return world.get(identifier, "product")


def make_price(world: World, given: Given) -> Any:
    key = given.get("lookup_key")
    if key and any(one.get("lookup_key") == key for one in world.all("price")):
        raise Refusal(400, f"A price already uses the lookup key {key}.", param="lookup_key")
    world.get(given["product"], "product")
    return price(world, given)


def price(world: World, given: Given) -> Any:
    """Make a price; inline ones of a checkout too."""
    recurring = given.pop("recurring", None)
    if recurring:
        recurring = {"interval_count": 1, "usage_type": "licensed", "meter": None} | recurring
        if recurring["usage_type"] == "metered":
            world.get(recurring["meter"], "billing.meter")
    given.setdefault("unit_amount", None)
    decimal = given.pop("unit_amount_decimal", None) or str(given.get("unit_amount"))
    return world.make(
        "price",
        "price",
        active=True,
        billing_scheme="per_unit",
        metadata={},
        type="recurring" if recurring else "one_time",
        recurring=recurring,
        unit_amount_decimal=decimal,
        **given,
    )


def list_prices(world: World, given: Given) -> Any:
    rows = world.all("price")
    keys = given.get("lookup_keys")
    return [one for one in rows if keys is None or one.get("lookup_key") in keys]


def make_meter(world: World, given: Given) -> Any:
    if any(one["event_name"] == given["event_name"] for one in world.all("billing.meter", status="active")):
        raise Refusal(400, "An active meter with this event name exists.", param="event_name")
    return world.make("billing.meter", "mtr", status="active", updated=world.now, **given)


def list_meters(world: World, given: Given) -> Any:
    return world.all("billing.meter", **({"status": given["status"]} if "status" in given else {}))
