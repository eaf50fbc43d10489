"""How a tenant stands follows Stripe; the only writer of BillingAccount's copy and of StandingChange.

The row is locked before Stripe is asked, so that of two who ask, the later answer is written later.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing import subscriptions
from billing.models import BillingAccount, Standing, StandingChange
from billing.payments import door
from billing.payments.life import Life, decide
from billing.plans import DEFAULT_PLAN
from billing.price_list import plans_at
from tenants import audit
from tenants.places import in_each_place

# Late payers, whose grace may end; and whoever was not looked at for a day.
DUE = """
SELECT tenant_id FROM billing_billingaccount
WHERE subscription <> '' AND (read IS NULL OR read < now() - interval '1 day'
  OR standing = 'past_due' AND unpaid_since + make_interval(days => %s) <= now())
ORDER BY read NULLS FIRST LIMIT 200"""


def grace() -> timedelta:
    """Return how long a late payer goes on as before."""
    return timedelta(days=settings.ENVIRONMENT.grace_days)


def follow(*, now: datetime | None = None) -> BillingAccount | None:
    """Read the current tenant's subscription from Stripe and write what follows; None where it is no customer.

    Raises:
        StripeAway, StripeRefused: see `door.read`.
        UnreadableError: the subscription is for no plan of ours.
    """
    with transaction.atomic():
        row: BillingAccount | None = BillingAccount.objects.select_for_update().first()
        if row is None:
            return None
        moment = now or timezone.now()
        asked = door.read_all(
            "subscriptions.list", customer=row.customer, status="all", expand=["data.latest_invoice"]
        )
        life = decide(asked, now=moment, grace=grace())
        before, had = Standing(row.standing), row.subscription
        for name, value in {**asdict(life), "read": moment}.items():
            setattr(row, name, value)
        row.save()
        _take_plan(life, had=bool(had))
        if before != life.standing:
            _changed(row, before, life)
    return row


def due() -> list[UUID]:
    """Return the tenants whose standing may have changed without a word from Stripe."""
    return [tenant for (tenant,) in in_each_place(DUE, [settings.ENVIRONMENT.grace_days])]


def _take_plan(life: Life, *, had: bool) -> None:
    """A plan that an operator gave by hand stays, until there is a subscription."""
    wanted = life.plan if life.pays and life.plan in plans_at() else DEFAULT_PLAN
    if (life.pays or had) and subscriptions.current_plan().slug != wanted:
        subscriptions.subscribe(wanted)


def _changed(row: BillingAccount, before: Standing, life: Life) -> None:
    StandingChange.objects.create(
        before=before, after=life.standing, plan=life.plan, until=life.until(grace())
    )
    audit.record(
        "subscription.changed",
        actor=audit.current_actor(),
        object_type="billing_account",
        object_id=row.pk,
        before={"standing": before},
        after={"standing": life.standing, "plan": life.plan, "subscription": life.subscription},
    )
