"""How the double makes invoices: plan lines ahead, usage lines behind, credit against usage."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from miosa.testing.stripe_double.judge import filled
from miosa.testing.stripe_double.usage_routes import counted
from miosa.testing.stripe_double.world import World

Thing = dict[str, Any]


def make(world: World, subscription: Thing, lines: list[Thing], *, kept: bool = True, reason: str) -> Thing:
    """Return an invoice of these lines, paid from credit where it may be; `kept` False: a preview."""
    credit = sum(-part["amount"] for line in lines for part in line["pretax_credit_amounts"] or ())
    subtotal = sum(line["amount"] for line in lines)
    total = subtotal + credit
    periods = [line["period"] for line in lines] or [{"start": world.now, "end": world.now}]
    known = {
        "id": world.new("in" if kept else "upcoming_in"),
        "customer": subscription["customer"],
        "currency": subscription["currency"],
        "status": "draft",
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "lines": {"object": "list", "data": lines, "has_more": False, "url": "/v1/invoices/lines"},
        "subtotal": subtotal,
        "total": total,
        "amount_due": max(total, 0),
        "amount_remaining": max(total, 0),
        "amount_paid": 0,
        "period_start": min(one["start"] for one in periods),
        "period_end": max(one["end"] for one in periods),
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": subscription["id"], "metadata": {}},
            "quote_details": None,
        },
    }
    if not kept:
        return filled("invoice", created=world.now, livemode=False, **known)
    made = world.make("invoice", "in", **known)
    for line in lines:
        line["invoice"] = made["id"]
    world.tell("invoice.created", made)
    return made


def finalize(world: World, invoice: Thing) -> None:
    """Make it final: from now on it is due."""
    invoice["status"] = "open"
    invoice["number"] = f"D-{len(world.all('invoice')):04d}"
    invoice["hosted_invoice_url"] = f"https://invoice.stripe.com/i/{invoice['id']}"
    invoice["invoice_pdf"] = f"https://pay.stripe.com/invoice/{invoice['id']}/pdf"
    invoice["status_transitions"]["finalized_at"] = world.now
    world.tell("invoice.finalized", invoice)


def plan_line(
    world: World, item: Thing, *, start: int, end: int, share: Decimal = Decimal(1), sign: int = 1
) -> Thing:
    """The price of a plan for a period, or for the share of it that is left."""
    amount = sign * _rounded(Decimal(item["price"]["unit_amount"]) * share)
    return _line(
        world, item, amount=amount, quantity=1, start=start, end=end, proration=share != 1 or sign < 0
    )


def usage_line(world: World, subscription: Thing, item: Thing, *, start: int, end: int) -> Thing:
    """What was used in a period: priced exactly, rounded once, paid from credit first."""
    quantity = max(0, sum(one["value"] for one in counted(world, subscription["customer"], start, end)))
    amount = _rounded(Decimal(item["price"]["unit_amount_decimal"]) * quantity)
    return _line(world, item, amount=amount, quantity=quantity, start=start, end=end, proration=False)


def pay_from_credit(world: World, subscription: Thing, lines: list[Thing], *, kept: bool) -> None:
    """Grants in the order of priority, expiry and age, against lines of usage."""
    grants = [
        one
        for one in world.all("billing.credit_grant", customer=subscription["customer"])
        if not one.get("voided_at")
        and one["effective_at"] <= world.now
        and (one.get("expires_at") or world.now + 1) > world.now
    ]
    grants.sort(key=lambda one: (one.get("priority") or 50, one.get("expires_at") or 1 << 40, one["created"]))
    used = {one["id"]: world.spent_credit.get(one["id"], 0) for one in grants}
    for line in lines:
        owed, parts = line["amount"], []
        for one in grants if line["metered"] else ():
            part = min(owed, one["amount"]["monetary"]["value"] - used[one["id"]])
            if part > 0:
                parts.append(
                    {
                        "amount": part,
                        "type": "credit_balance_transaction",
                        "credit_balance_transaction": one["id"],
                    }
                )
                used[one["id"]] += part
                owed -= part
        line["pretax_credit_amounts"] = parts
    if kept:
        world.spent_credit.update(used)
    for line in lines:
        del line["metered"]


def _line(
    world: World, item: Thing, *, amount: int, quantity: int, start: int, end: int, proration: bool
) -> Thing:
    price = item["price"]
    line = filled(
        "line_item",
        id=world.new("il"),
        amount=amount,
        subtotal=amount,
        currency=price["currency"],
        description=f"{quantity} x {price['product']}",
        quantity=quantity,
        period={"start": start, "end": end},
        livemode=False,
        pretax_credit_amounts=[],
        pricing={
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        parent={
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": {
                "subscription_item": item["id"],
                "subscription": item["subscription"],
                "proration": proration,
                "invoice_item": None,
                "proration_details": None,
            },
        },
    )
    return line | {"metered": price["recurring"]["usage_type"] == "metered"}


def _rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))
