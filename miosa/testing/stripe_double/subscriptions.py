"""How a subscription lives at the double: begins, renews, fails to be paid, is paid, changes, ends."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from miosa.testing.stripe_double import invoices
from miosa.testing.stripe_double.world import Refusal, World

Thing = dict[str, Any]
ENDED = ("canceled", "incomplete_expired")


def begin(world: World, customer: str, prices: list[Thing], terms: Thing) -> Thing:
    """Begin a subscription; with a trial nothing is charged yet."""
    anchor = terms.get("trial_end") or terms.get("billing_cycle_anchor") or world.now
    intervals = {one["recurring"]["interval"] for one in prices}
    if len(intervals) > 1 and (terms.get("billing_mode") or {}).get("type") != "flexible":
        raise Refusal(400, "Prices of several intervals need billing_mode flexible.", param="items")
    made = world.make(
        "subscription",
        "sub",
        customer=customer,
        status="trialing" if terms.get("trial_end") else "active",
        currency=prices[0]["currency"],
        metadata=terms.get("metadata") or {},
        billing_mode={"type": (terms.get("billing_mode") or {}).get("type", "classic")},
        billing_cycle_anchor=anchor,
        start_date=world.now,
        trial_start=world.now if terms.get("trial_end") else None,
        trial_end=terms.get("trial_end"),
        trial_settings=terms.get("trial_settings"),
        cancel_at=None,
        canceled_at=None,
        ended_at=None,
        latest_invoice=None,
        items={"object": "list", "has_more": False, "url": "/v1/subscription_items", "data": []},
    )
    made["items"]["data"] = [_item(world, made, one, end=max(anchor, world.now)) for one in prices]
    world.tell("customer.subscription.created", made)
    if not terms.get("trial_end"):
        _charge(world, made, _first_lines(world, made, anchor), reason="subscription_create")
    return made


def renew(world: World, subscription: Thing, *, pays: bool = True) -> Thing:
    """The period is over: plan ahead, usage behind, one invoice; a cancellation takes effect instead."""
    trialed = subscription["status"] == "trialing"
    lines = [] if trialed else usage_lines(world, subscription, kept=True)
    if subscription["cancel_at_period_end"]:
        return end(world, subscription, lines)
    if trialed and not subscription.get("default_payment_method") and _pauses(subscription):
        return _turn(world, subscription, "paused", "customer.subscription.paused")
    for item in subscription["items"]["data"]:
        start = item["current_period_end"]
        if start > world.now:
            continue  # a yearly plan's year goes on
        item["current_period_start"], item["current_period_end"] = start, after(start, item["price"])
        if item["price"]["recurring"]["usage_type"] == "licensed":
            lines.append(invoices.plan_line(world, item, start=start, end=item["current_period_end"]))
    if trialed:
        subscription["status"] = "active"
    _charge(world, subscription, lines, reason="subscription_cycle", pays=pays)
    if pays:
        _turn(world, subscription, "active", "customer.subscription.updated")
    return subscription


def usage_lines(world: World, subscription: Thing, *, kept: bool) -> list[Thing]:
    """What was used in the running period."""
    return [
        invoices.usage_line(
            world,
            subscription,
            item,
            start=item["current_period_start"],
            end=item["current_period_end"] if kept else max(world.now + 1, item["current_period_start"] + 1),
        )
        for item in subscription["items"]["data"]
        if item["price"]["recurring"]["usage_type"] == "metered"
    ]


def change(world: World, subscription: Thing, given: Thing, *, kept: bool) -> list[Thing]:
    """Put items on other prices; return the lines that this makes: the rest of the old back, of the new ahead."""
    at, lines = given.get("proration_date") or world.now, []
    for wanted in given.get("items") or ():
        item = next((one for one in subscription["items"]["data"] if one["id"] == wanted["id"]), None)
        if item is None:
            raise Refusal(404, f"No such subscription item: '{wanted['id']}'", code="resource_missing")
        price = world.get(wanted["price"], "price")
        start, finish = item["current_period_start"], item["current_period_end"]
        same = price["recurring"]["interval"] == item["price"]["recurring"]["interval"]
        if subscription["status"] != "trialing":
            left = Decimal(finish - at) / Decimal(max(finish - start, 1))
            lines.append(invoices.plan_line(world, item, start=at, end=finish, share=left, sign=-1))
            new_end = finish if same else after(at, price)
            ahead = left if same else Decimal(1)
            lines.append(
                invoices.plan_line(world, {**item, "price": price}, start=at, end=new_end, share=ahead)
            )
            if kept:
                item["current_period_end"] = new_end
        if kept:
            item["price"] = price
    return lines


def fail(world: World, subscription: Thing) -> None:
    """The newest invoice could not be paid."""
    invoice = world.get(subscription["latest_invoice"], "invoice")
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    world.tell("invoice.payment_failed", invoice)
    _turn(world, subscription, "past_due", "customer.subscription.updated")


def pay(world: World, subscription: Thing) -> None:
    """The newest invoice is paid after all."""
    invoice = world.get(subscription["latest_invoice"], "invoice")
    _paid(world, invoice)
    _turn(world, subscription, "active", "customer.subscription.updated")


def give_up(world: World, subscription: Thing) -> None:
    """Every retry has failed."""
    _turn(world, subscription, "unpaid", "customer.subscription.updated")


def resume(world: World, subscription: Thing) -> None:
    """A paused subscription goes on."""
    _turn(world, subscription, "active", "customer.subscription.resumed")


def end(world: World, subscription: Thing, lines: list[Thing] | None = None) -> Thing:
    """It ends now, with a last invoice of what was used."""
    if lines:
        _charge(world, subscription, lines, reason="subscription_cycle")
    subscription |= {
        "canceled_at": world.now,
        "ended_at": world.now,
        "cancel_at": None,
        "cancel_at_period_end": False,
    }
    return _turn(world, subscription, "canceled", "customer.subscription.deleted")


def update(world: World, given: Thing, identifier: str) -> Thing:
    """POST /v1/subscriptions/ID."""
    subscription = world.get(identifier, "subscription")
    if subscription["status"] in ENDED:
        raise Refusal(404, "No such subscription", code="resource_missing")
    lines = change(world, subscription, given, kept=True)
    if "cancel_at_period_end" in given:
        subscription["cancel_at_period_end"] = given["cancel_at_period_end"]
        last = max(item["current_period_end"] for item in subscription["items"]["data"])
        subscription["cancel_at"] = last if given["cancel_at_period_end"] else None
    if lines and given.get("proration_behavior") == "always_invoice":
        _charge(world, subscription, lines, reason="subscription_update")
    return _turn(world, subscription, subscription["status"], "customer.subscription.updated")


def cancel(world: World, _given: Thing, identifier: str) -> Thing:
    """DELETE /v1/subscriptions/ID."""
    subscription = world.get(identifier, "subscription")
    if subscription["status"] in ENDED:
        raise Refusal(404, "No such subscription", code="resource_missing")
    return end(world, subscription, usage_lines(world, subscription, kept=True))


def _charge(world: World, subscription: Thing, lines: list[Thing], *, reason: str, pays: bool = True) -> None:
    invoices.pay_from_credit(world, subscription, lines, kept=True)
    invoice = invoices.make(world, subscription, lines, reason=reason)
    subscription["latest_invoice"] = invoice["id"]
    invoices.finalize(world, invoice)
    if pays:
        _paid(world, invoice)
    else:
        fail(world, subscription)


def _paid(world: World, invoice: Thing) -> None:
    invoice |= {
        "status": "paid",
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "attempted": True,
    }
    invoice["status_transitions"]["paid_at"] = world.now
    world.tell("invoice.paid", invoice)


def _first_lines(world: World, subscription: Thing, anchor: int) -> list[Thing]:
    """From now to the anchor, a share of a whole period."""
    lines = []
    for item in subscription["items"]["data"]:
        if item["price"]["recurring"]["usage_type"] != "licensed":
            continue
        start = subscription["start_date"]
        whole = after(start, item["price"]) - start
        share = Decimal(anchor - start) / Decimal(whole) if anchor > start else Decimal(1)
        lines.append(
            invoices.plan_line(world, item, start=start, end=item["current_period_end"], share=share)
        )
    return lines


def _item(world: World, subscription: Thing, price: Thing, *, end: int) -> Thing:
    return world.make(
        "subscription_item",
        "si",
        subscription=subscription["id"],
        price=price,
        metadata={},
        discounts=[],
        current_period_start=world.now,
        current_period_end=end if end > world.now else after(world.now, price),
    )


def _pauses(subscription: Thing) -> bool:
    behaviour = (subscription.get("trial_settings") or {}).get("end_behavior") or {}
    return bool(behaviour.get("missing_payment_method") == "pause")


def _turn(world: World, subscription: Thing, status: str, event: str) -> Thing:
    subscription["status"] = status
    world.tell(event, subscription)
    return subscription


def after(start: int, price: Thing) -> int:
    """One interval later, by the calendar."""
    at = datetime.fromtimestamp(start, tz=UTC)
    months = at.month + (12 if price["recurring"]["interval"] == "year" else 1) - 1
    return int(
        at.replace(year=at.year + months // 12, month=months % 12 + 1, day=min(at.day, 28)).timestamp()
    )
