"""The life of a subscription as a decision: what Stripe says, and what time it is, give one standing.

    trialing ─┐                        past_due ──(grace ends)──> restricted ──> canceled
              ├─> active ──(payment fails)──^  │                      │
    incomplete┘        ^──────(paid)───────────┴────────(paid)────────┘

Nothing here remembers: the same answer of Stripe at the same time gives the same standing, whatever came before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.models import Standing
from billing.payments.catalog import plan_of

# Which of several counts: the one that gives most, the newest of equals.
RANK = ("active", "trialing", "past_due", "unpaid", "paused", "incomplete", "canceled", "incomplete_expired")
PLAIN = {
    "trialing": Standing.TRIALING,
    "active": Standing.ACTIVE,
    "unpaid": Standing.RESTRICTED,
    "paused": Standing.PAUSED,
    "canceled": Standing.CANCELED,
    "incomplete": Standing.NONE,
    "incomplete_expired": Standing.NONE,
}
PAYING = (Standing.TRIALING, Standing.ACTIVE, Standing.PAST_DUE, Standing.RESTRICTED, Standing.PAUSED)


class UnreadableError(ValueError):
    """A subscription that is not one of ours."""


@dataclass(frozen=True, slots=True)
class Life:
    """How a tenant stands; the fields of BillingAccount that are copied from Stripe."""

    standing: Standing = Standing.NONE
    subscription: str = ""
    plan: str = ""
    interval: str = ""
    currency: str = ""
    started: datetime | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    trial_end: datetime | None = None
    cancel_at: datetime | None = None
    unpaid_since: datetime | None = None

    @property
    def pays(self) -> bool:
        """Whether the plan is the subscription's."""
        return self.standing in PAYING

    def until(self, grace: timedelta) -> datetime | None:
        """Return when the next step would come by itself."""
        if self.standing == Standing.PAST_DUE and self.unpaid_since:
            return self.unpaid_since + grace
        return self.trial_end if self.standing == Standing.TRIALING else self.cancel_at


def decide(subscriptions: Iterable[Mapping[str, Any]], *, now: datetime, grace: timedelta) -> Life:
    """Return how a customer with these subscriptions stands.

    Raises:
        UnreadableError: the one that counts is for no plan of ours.
    """
    ours = sorted(subscriptions, key=lambda one: (RANK.index(one["status"]), -one["created"], one["id"]))
    if not ours:
        return Life()
    life = _read(ours[0])
    if ours[0]["status"] != "past_due":
        return replace(life, standing=PLAIN[ours[0]["status"]])
    due = _due(ours[0]) or now
    late = now >= due + grace
    return replace(life, standing=Standing.RESTRICTED if late else Standing.PAST_DUE, unpaid_since=due)


def _read(one: Mapping[str, Any]) -> Life:
    for item in one["items"]["data"]:
        if plan := plan_of(_id(item["price"]["product"])):
            return Life(
                subscription=one["id"],
                plan=plan,
                interval=item["price"]["recurring"]["interval"],
                currency=one["currency"].upper(),
                started=_moment(one["start_date"]),
                period_start=_moment(item["current_period_start"]),
                period_end=_moment(item["current_period_end"]),
                trial_end=_moment(one.get("trial_end")),
                cancel_at=_moment(one.get("cancel_at")),
            )
    raise UnreadableError(f"Subscription {one['id']} has no price of a plan.")


def _due(one: Mapping[str, Any]) -> datetime | None:
    invoice = one.get("latest_invoice")
    if not isinstance(invoice, Mapping):
        return None
    final = (invoice.get("status_transitions") or {}).get("finalized_at")
    return _moment(final or invoice["created"])


def _id(of: Any) -> str:
    return str(of if isinstance(of, str) else of["id"])


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)
