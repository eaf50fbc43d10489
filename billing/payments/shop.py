"""What a tenant buys and changes: checkout of a plan or a pack, the portal, another plan, the end, and its undoing."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from uuid_utils.compat import uuid7

from billing.models import BillingAccount, Standing
from billing.payments import calls, catalog, door
from billing.payments.accounts import account
from billing.payments.following import follow
from billing.payments.life import PAYING
from billing.payments.packs import PACK
from billing.plans import Plan
from billing.price_list import plans_at
from miosa.http.problem import Conflict, Unprocessable
from miosa.http.public_address import absolute
from tenants import audit
from tenants.owned import current_tenant_id

LEAST_PACK, MOST_PACK = 500, 1_000_000  # cents
BACK = "/admin/"


def buy_plan(slug: str, *, interval: str, currency: str) -> Mapping[str, Any]:
    """Begin the checkout of a plan; return Stripe's session, whose `url` is where to pay.

    Raises:
        Conflict: there is a subscription already.
        Unprocessable: there is no such plan, or no such price of it.
    """
    plan = _offered(slug, interval, currency)
    row = account()
    if row.standing in PAYING:
        raise Conflict("There is a subscription already: change it, or end it first.")
    _end_open_checkouts(row)
    lines: list[dict[str, Any]] = [
        {"price": catalog.plan_price(plan, interval, currency), "quantity": 1},
        {"price": catalog.usage_price()},
    ]
    more = {"mode": "subscription", "line_items": lines, "subscription_data": _terms(plan)}
    return _checkout(row, more, kind="plan", plan=slug)


def buy_pack(cents: int) -> Mapping[str, Any]:
    """Begin the checkout of prepaid credit, in US cents; return Stripe's session.

    Raises:
        Unprocessable: it is too little or too much.
    """
    if not LEAST_PACK <= cents <= MOST_PACK:
        raise Unprocessable(f"A pack is {LEAST_PACK // 100} to {MOST_PACK // 100} dollars.")
    price = {"currency": "usd", "product": catalog.credit_product(), "unit_amount": cents}
    more = {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 1}],
        "invoice_creation": {"enabled": True},
    }
    return _checkout(account(), more, kind=PACK, cents=str(cents))


def portal() -> Mapping[str, Any]:
    """Return a session of Stripe's portal: invoices, cards, cancellation. Its `url` is good for minutes."""
    return calls.once(
        _new("portal"),
        "billing_portal.sessions.create",
        {"customer": account().customer, "return_url": absolute(BACK)},
    )


def change_plan(slug: str, *, interval: str, proration_date: datetime | None = None) -> BillingAccount:
    """Put the subscription on another plan at once; what is left of the old one is set against it.

    Raises:
        Conflict: there is no subscription to change, or it is on that plan already.
    """
    row, items, moment = _change(slug, interval, proration_date)
    params = {
        "items": items,
        "proration_behavior": "always_invoice",
        "proration_date": int(moment.timestamp()),
        "payment_behavior": "error_if_incomplete",
    }
    calls.once(_new("change"), "subscriptions.update", params, row.subscription)
    return _followed("subscription.plan_changed", plan=slug, interval=interval)


def preview_change(slug: str, *, interval: str, proration_date: datetime | None = None) -> Mapping[str, Any]:
    """Return the invoice that a change of plan would make, and the moment to give to `change_plan`. Raises as that."""
    row, items, moment = _change(slug, interval, proration_date)
    details = {
        "items": items,
        "proration_behavior": "always_invoice",
        "proration_date": int(moment.timestamp()),
    }
    return _preview(row, subscription_details=details) | {"proration_date": moment}


def end(*, at_once: bool = False) -> BillingAccount:
    """End the subscription with its period, or at once. Raises Conflict where there is none."""
    row = _paying()
    if at_once:
        params = {"invoice_now": True, "prorate": True}
        calls.once(_new("end"), "subscriptions.cancel", params, row.subscription)
    else:
        calls.once(_new("end"), "subscriptions.update", {"cancel_at_period_end": True}, row.subscription)
    return _followed("subscription.ended", at_once=at_once)


def go_on() -> BillingAccount:
    """Take back an end that has not come yet. Raises Conflict where there is none."""
    row = _paying()
    if row.cancel_at is None:
        raise Conflict("The subscription does not end.")
    calls.once(_new("go-on"), "subscriptions.update", {"cancel_at_period_end": False}, row.subscription)
    return _followed("subscription.continued")


def next_invoice() -> Mapping[str, Any]:
    """Return the invoice of the running period as it would be now. Raises Conflict where there is no subscription."""
    return _preview(_paying())


def _preview(row: BillingAccount, **more: Any) -> dict[str, Any]:
    params = {"customer": row.customer, "subscription": row.subscription, **more}
    return door.post("invoices.create_preview", params, key=f"{row.pk}:{uuid7()}")


def _change(
    slug: str, interval: str, proration_date: datetime | None
) -> tuple[BillingAccount, list[dict[str, Any]], datetime]:
    row = _paying()
    if row.standing not in (Standing.TRIALING, Standing.ACTIVE):
        raise Conflict("Pay what is open first; then the plan can be changed.")
    plan = _offered(slug, interval, row.currency)
    if (row.plan, row.interval) == (slug, interval):
        raise Conflict("The subscription is on this plan already.")
    now = timezone.now().replace(microsecond=0)
    moment = proration_date or now
    if not now - timedelta(hours=1) <= moment <= now + timedelta(minutes=1):
        raise Unprocessable("proration_date is that of a preview not older than an hour.")
    found = door.read("subscriptions.retrieve", row.subscription)
    items = [
        {"id": item["id"], "price": catalog.plan_price(plan, interval, row.currency)}
        for item in found["items"]["data"]
        if catalog.plan_of(str(item["price"]["product"]))
    ]
    return row, items, moment


def _checkout(row: BillingAccount, more: Mapping[str, Any], **metadata: str) -> Mapping[str, Any]:
    params = {
        "customer": row.customer,
        "client_reference_id": str(current_tenant_id()),
        "success_url": absolute(f"{BACK}?checkout=done"),
        "cancel_url": absolute(f"{BACK}?checkout=left"),
        "metadata": {"tenant": str(current_tenant_id()), **metadata},
        **more,
    }
    if settings.ENVIRONMENT.stripe_tax:
        params |= {
            "automatic_tax": {"enabled": True},
            "customer_update": {"address": "auto", "name": "auto"},
            "tax_id_collection": {"enabled": True},
        }
    session = calls.once(_new("checkout"), "checkout.sessions.create", params)
    audit.record(
        "checkout.begun",
        actor=audit.current_actor(),
        object_type="billing_account",
        object_id=row.pk,
        after=metadata,
    )
    return session


def _terms(plan: Plan) -> dict[str, Any]:
    """A subscription's periods are calendar months (UTC), as budgets and allowances are; a trial lasts to the end of one."""
    whole = {"billing_mode": {"type": "flexible"}, "metadata": {"tenant": str(current_tenant_id())}}
    now = timezone.now()
    if not plan.trial_days:
        begin = _next_month(now)
        return whole | {
            "billing_cycle_anchor": int(begin.timestamp()),
            "proration_behavior": "create_prorations",
        }
    end = _next_month(now + timedelta(days=plan.trial_days) - timedelta(seconds=1))
    return whole | {
        "trial_end": int(end.timestamp()),
        "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
    }


def _next_month(moment: datetime) -> datetime:
    first = moment.replace(day=1) + timedelta(days=32)
    return datetime(first.year, first.month, 1, tzinfo=UTC)


def _end_open_checkouts(row: BillingAccount) -> None:
    """Two that were both paid would be two subscriptions."""
    for session in door.read_all("checkout.sessions.list", customer=row.customer, status="open"):
        if session["mode"] == "subscription":
            calls.once(f"expire:{session['id']}", "checkout.sessions.expire", {}, session["id"])


def _offered(slug: str, interval: str, currency: str) -> Plan:
    plan = plans_at().get(slug)
    if plan is None or not plan.offered:
        raise Unprocessable(f"There is no plan {slug} to choose.")
    if not plan.prices.get((currency, interval)):
        raise Unprocessable(f"{plan.name} is not sold by the {interval} in {currency}.")
    if currency != catalog.USAGE_CURRENCY:
        raise Unprocessable(f"Usage is priced in {catalog.USAGE_CURRENCY}, so that a subscription is too.")
    return plan


def _paying() -> BillingAccount:
    row = account()
    if row.standing not in PAYING:
        raise Conflict("There is no subscription.")
    return row


def _followed(action: str, **after: Any) -> BillingAccount:
    row = follow()
    assert row is not None
    audit.record(
        action, actor=audit.current_actor(), object_type="billing_account", object_id=row.pk, after=after
    )
    return row


def _new(cause: str) -> str:
    return f"{cause}:{uuid7()}"
