"""Which request is whose: the table of the double's routes."""

import re
from collections.abc import Callable
from typing import Any

from miosa.testing.stripe_double import catalog_routes as catalog
from miosa.testing.stripe_double import checkout, subscriptions
from miosa.testing.stripe_double import usage_routes as usage
from miosa.testing.stripe_double.world import World


def list_events(world: World, given: dict[str, Any]) -> Any:
    since = (given.get("created") or {}).get("gte", 0) if isinstance(given.get("created"), dict) else 0
    return [one for one in reversed(world.events) if one["created"] >= since]


def list_lines(world: World, _given: dict[str, Any], identifier: str) -> Any:
    return world.get(identifier, "invoice")["lines"]["data"]


ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("POST", "/customers", catalog.make_customer),
    ("GET", "/customers/ID", catalog.read_customer),
    ("POST", "/products", catalog.make_product),
    ("GET", "/products/ID", catalog.read_product),
    ("POST", "/prices", catalog.make_price),
    ("GET", "/prices", catalog.list_prices),
    ("POST", "/billing/meters", catalog.make_meter),
    ("GET", "/billing/meters", catalog.list_meters),
    ("POST", "/billing/meter_events", usage.send),
    ("GET", "/billing/meters/ID/event_summaries", usage.summaries),
    ("POST", "/billing/credit_grants", usage.give_credit),
    ("GET", "/billing/credit_grants", usage.list_credits),
    ("POST", "/billing/credit_grants/ID/expire", usage.end_credit),
    ("POST", "/checkout/sessions", checkout.make_session),
    ("GET", "/checkout/sessions", checkout.list_sessions),
    ("GET", "/checkout/sessions/ID", checkout.read_session),
    ("POST", "/checkout/sessions/ID/expire", checkout.expire_session),
    ("POST", "/billing_portal/sessions", checkout.make_portal),
    ("GET", "/charges/ID", checkout.read_charge),
    ("GET", "/subscriptions", checkout.list_subscriptions),
    ("GET", "/subscriptions/ID", checkout.read_subscription),
    ("POST", "/subscriptions/ID", subscriptions.update),
    ("DELETE", "/subscriptions/ID", subscriptions.cancel),
    ("GET", "/invoices", checkout.list_invoices),
    ("POST", "/invoices/create_preview", checkout.preview),
    ("GET", "/invoices/ID/lines", list_lines),
    ("GET", "/events", list_events),
)
SHAPES = tuple(
    (method, re.compile("/v1" + path.replace("ID", "([^/]+)")), route) for method, path, route in ROUTES
)


def route_of(method: str, path: str) -> tuple[Callable[..., Any], tuple[str, ...]] | None:
    """Return what answers a request, and the ids in its path."""
    for known, shape, route in SHAPES:
        match = shape.fullmatch(path)
        if match and known == method:
            return route, match.groups()
    return None
