"""Rows for the admin's tests: what goes to Stripe and comes from it."""

from datetime import timedelta

from django.utils import timezone
from uuid_utils.compat import uuid7

from billing.models import BillingAccount, MeterEvent, StandingChange, StripeCall, StripeEvent, UsageToTell


def told_to_stripe(number: int) -> None:
    """A tenant that is a customer, and usage on its way."""
    now = timezone.now()
    BillingAccount.objects.get_or_create(
        defaults={"customer": f"cus_{number}", "standing": "active", "plan": "starter", "read": now}
    )
    StandingChange.objects.create(before="none", after="active", plan="starter", mailed=now)
    StripeCall.objects.create(
        cause=f"customer {number}",
        method="customers.create",
        params={"name": "Acme"},
        state="answered",
        finished=now,
    )
    MeterEvent.objects.create(
        minute=now - timedelta(hours=1), micros=1_000 + number, entries=2, state="sent", created=now, sent=now
    )
    UsageToTell.objects.create(micros=5, moment=now + timedelta(days=1))


def inbox_row(number: int) -> None:
    """An event that is parked."""
    now = timezone.now()
    StripeEvent.objects.create(
        id=f"evt_{uuid7().hex}", type="invoice.paid", created=now, payload={"number": number}, received=now,
        state="parked", next_try=now, error="It names nobody.",
    )  # fmt: skip
