"""The letter of each step in a subscription's life, to a tenant's owners and admins."""

from typing import Any

from django.core.mail import send_mail

from billing.letters import answerable
from billing.models import Standing, StandingChange
from miosa.http.public_address import absolute

LETTER = """{tenant}: {what}

{then}
"""
PORTAL = "Invoices, cards and cancellation: POST {link} gives a link to Stripe's portal."
WORDS = {
    Standing.NONE: ("there is no subscription", "The free plan counts."),
    Standing.TRIALING: (
        "the trial of {plan} has begun",
        "It lasts until {until}; nothing is charged before.",
    ),
    Standing.ACTIVE: ("the plan {plan} is active", "Thank you."),
    Standing.PAST_DUE: (
        "a payment has failed",
        "Everything works until {until}. Unless the invoice is paid by then, no new work is begun; the rest stays open.",
    ),
    Standing.RESTRICTED: (
        "no new work is begun, because an invoice is not paid",
        "Everything that is there can be read, exported and paid. As soon as the invoice is paid, work goes on.",
    ),
    Standing.PAUSED: (
        "the subscription is paused",
        "The trial has ended without a way to pay. No new work is begun until one is given.",
    ),
    Standing.CANCELED: (
        "the subscription has ended",
        "The free plan counts from now on. Nothing was deleted.",
    ),
}


def send_change(row: StandingChange, tenant: Any) -> None:
    """Tell of one change. Raises OSError or SMTPException where it cannot be sent."""
    name = " ".join(tenant.name.split()) or tenant.slug
    subject, then = WORDS[Standing(row.after)]
    facts = {"plan": row.plan or "free", "until": f"{row.until:%d %B %Y}" if row.until else "its end"}
    what = subject.format(**facts)
    text = LETTER.format(tenant=name, what=what + ".", then=then.format(**facts))
    text += "\n" + PORTAL.format(link=absolute("/api/v1/billing/portal")) + "\n"
    if people := answerable():
        send_mail(f"{name}: {what}", text, None, people)
