"""Checkout sessions, the portal, and the charges behind them."""

from typing import Any

from miosa.testing.stripe_double import catalog_routes, invoices, subscriptions
from miosa.testing.stripe_double.judge import filled
from miosa.testing.stripe_double.world import Refusal, World

Given = dict[str, Any]
OPEN_S = 86_400
INNER = ("line_items", "subscription_data")  # of what was asked; no member of the answer


def make_session(world: World, given: Given) -> Any:
    """A session waits to be paid; the double keeps what it is for beside it."""
    if given["mode"] == "subscription" and not any("price" in one for one in given["line_items"]):
        raise Refusal(400, "A subscription needs a recurring price.", param="line_items")
    trial = (given.get("subscription_data") or {}).get("trial_end")
    if trial is not None and trial < world.now + 2 * 86_400:
        raise Refusal(
            400, "trial_end has to be at least 48 hours ahead.", param="subscription_data[trial_end]"
        )
    prices = [_price(world, one) for one in given["line_items"]]
    amount = sum(one["unit_amount"] or 0 for one in prices)
    plain = {
        name: value
        for name, value in given.items()
        if name not in (*INNER, "invoice_creation", "customer_update", "tax_id_collection", "automatic_tax")
    }
    session = world.make(
        "checkout.session",
        "cs_test",
        status="open",
        payment_status="unpaid",
        payment_method_types=["card"],
        expires_at=world.now + OPEN_S,
        amount_subtotal=amount,
        amount_total=amount,
        automatic_tax={"enabled": bool((given.get("automatic_tax") or {}).get("enabled"))},
        subscription=None,
        payment_intent=None,
        **({"metadata": {}} | plain),
    )
    session["url"] = f"https://checkout.stripe.com/c/pay/{session['id']}"
    world.wanted[session["id"]] = (prices, given.get("subscription_data") or {})
    return session


def list_sessions(world: World, given: Given) -> Any:
    named = ("customer", "status", "payment_intent", "subscription")
    return world.all("checkout.session", **{name: given[name] for name in named if name in given})


def read_session(world: World, _given: Given, identifier: str) -> Any:
    return world.get(identifier, "checkout.session")


def expire_session(world: World, _given: Given, identifier: str) -> Any:
    session = world.get(identifier, "checkout.session")
    if session["status"] != "open":
        raise Refusal(400, "Only open sessions can be expired.")
    session |= {"status": "expired", "url": None}
    world.tell("checkout.session.expired", session)
    return session


def complete(world: World, identifier: str, *, card: bool = True) -> Any:
    """Somebody pays at the page of the session; on a trial one may do so without a card."""
    session = world.get(identifier, "checkout.session")
    if session["status"] != "open":
        raise Refusal(400, "This session is over.")
    prices, terms = world.wanted[identifier]
    session |= {"status": "complete", "url": None, "payment_status": "paid"}
    if session["mode"] == "subscription":
        begun = subscriptions.begin(world, session["customer"], prices, terms)
        begun["default_payment_method"] = world.new("pm") if card else None
        session["subscription"] = begun["id"]
        session["payment_status"] = "no_payment_required" if terms.get("trial_end") else "paid"
    else:
        session["payment_intent"] = world.new("pi")
        world.make(
            "charge",
            "ch",
            amount=session["amount_total"],
            amount_captured=session["amount_total"],
            currency=session.get("currency") or "usd",
            customer=session["customer"],
            payment_intent=session["payment_intent"],
            paid=True,
            captured=True,
            status="succeeded",
            metadata={},
        )
    world.tell("checkout.session.completed", session)
    return session


def refund(world: World, payment_intent: str) -> Any:
    """All of a payment goes back."""
    charge = world.all("charge", payment_intent=payment_intent)[0]
    charge |= {"refunded": True, "amount_refunded": charge["amount"]}
    world.tell("charge.refunded", charge)
    return charge


def read_charge(world: World, _given: Given, identifier: str) -> Any:
    return world.get(identifier, "charge")


def make_portal(world: World, given: Given) -> Any:
    world.get(given["customer"], "customer")
    made = filled(
        "billing_portal.session",
        id=world.new("bps"),
        created=world.now,
        livemode=False,
        configuration="bpc_1",
        **given,
    )
    return made | {"url": f"https://billing.stripe.com/p/session/{made['id']}"}


def list_subscriptions(world: World, given: Given) -> Any:
    rows = world.all("subscription", customer=given["customer"])
    wanted = given.get("status")
    if wanted != "all":
        rows = [one for one in rows if one["status"] not in subscriptions.ENDED]
    if "data.latest_invoice" in (given.get("expand") or ()):
        rows = [one | {"latest_invoice": world.objects.get(one["latest_invoice"])} for one in rows]
    return rows


def read_subscription(world: World, _given: Given, identifier: str) -> Any:
    return world.get(identifier, "subscription")


def list_invoices(world: World, given: Given) -> Any:
    named = ("customer", "status")
    return world.all("invoice", **{name: given[name] for name in named if name in given})


def preview(world: World, given: Given) -> Any:
    """The next invoice, or the one that a change would make."""
    subscription = world.get(given["subscription"], "subscription")
    details = given.get("subscription_details") or {}
    if details.get("items"):
        lines = subscriptions.change(world, subscription, details, kept=False)
    else:
        trialed = subscription["status"] == "trialing"
        lines = [] if trialed else subscriptions.usage_lines(world, subscription, kept=False)
        lines += [
            invoices.plan_line(
                world,
                item,
                start=item["current_period_end"],
                end=subscriptions.after(item["current_period_end"], item["price"]),
            )
            for item in subscription["items"]["data"]
            if item["price"]["recurring"]["usage_type"] == "licensed"
            and not subscription["cancel_at_period_end"]
        ]
    invoices.pay_from_credit(world, subscription, lines, kept=False)
    return invoices.make(world, subscription, lines, kept=False, reason="upcoming")


def _price(world: World, line: Given) -> Any:
    if "price" in line:
        return world.get(line["price"], "price")
    return catalog_routes.price(world, dict(line["price_data"]))
