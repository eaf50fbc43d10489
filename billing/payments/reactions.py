"""What an event of Stripe is a hint of: which object is read again, and for whom."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from billing.models import BillingAccount
from billing.payments import door, packs
from billing.payments.following import follow
from tenants.models import Tenant
from tenants.task_scope import task_scope


class PoisonError(Exception):
    """An event that no repetition makes better: somebody has to look."""


def react(event: Mapping[str, Any]) -> bool:
    """Do what an event asks for; return whether there was anything to do.

    Raises:
        PoisonError: it is not for us to apply.
        StripeAway and others: it may be tried again.
    """
    kind = event["type"]
    reaction = next((does for begin, does in REACTIONS.items() if kind.startswith(begin)), None)
    if reaction is None:
        return False
    if event.get("livemode", door.is_live()) != door.is_live():
        raise PoisonError("It is of the live mode and the key of the test mode, or the other way round.")
    try:
        return reaction(event)
    except (ValueError, KeyError, TypeError) as error:
        raise PoisonError(f"{type(error).__name__}: {error}") from error


def _stands(event: Mapping[str, Any]) -> bool:
    """A subscription or an invoice changed: the tenant stands where Stripe says now."""
    with _whose(event) as known:
        if not known:
            return False
        follow()
    return True


def _bought(event: Mapping[str, Any]) -> bool:
    """A checkout ended: a pack that is paid becomes credit, a subscription counts."""
    with _whose(event) as known:
        if not known:
            return False
        packs.fulfil(event["data"]["object"]["id"])
        follow()
    return True


def _returned(event: Mapping[str, Any]) -> bool:
    """Money went back: so does what is left of the credit that it bought."""
    with _whose(event) as known:
        return known and packs.refund(event["data"]["object"]["id"])


def _usage_refused(event: Mapping[str, Any]) -> bool:
    reason = (event.get("data") or {}).get("developer_message_summary") or event["type"]
    raise PoisonError(f"Stripe could not count usage: {reason}")


REACTIONS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "customer.subscription.": _stands,
    "invoice.": _stands,
    "checkout.session.": _bought,
    "charge.refunded": _returned,
    "v1.billing.meter.": _usage_refused,
}


@contextmanager
def _whose(event: Mapping[str, Any]) -> Iterator[bool]:
    """Work as the tenant whose customer it is; yields False where the customer is not one of ours.

    Raises:
        PoisonError: the customer names a tenant that knows another customer.
    """
    named = event["data"]["object"].get("customer")
    customer = named if isinstance(named, str) or named is None else named["id"]
    tenant = _named_tenant(customer) if customer else ""
    if not tenant:
        yield False
        return
    try:
        with task_scope(tenant):
            if not BillingAccount.objects.filter(customer=customer).exists():
                raise PoisonError(f"Customer {customer} names tenant {tenant}, whose customer it is not.")
            yield True
    except Tenant.DoesNotExist as error:
        raise PoisonError(f"Customer {customer} names a tenant that is not here.") from error


def _named_tenant(customer: str) -> str:
    try:
        found = door.read("customers.retrieve", customer)
    except door.StripeRefused as error:
        if error.code == "resource_missing":
            raise PoisonError(f"There is no customer {customer}.") from error
        raise
    return str((found.get("metadata") or {}).get("tenant", ""))
