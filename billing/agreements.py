"""What was agreed with the current tenant alone, laid over its plan and over the prices of use; writes Agreement."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from billing import price_list
from billing.models import RATE, Agreement
from billing.models.agreement import TERMS
from billing.plans import LIMITS, MAY_BE_NONE, Plan
from billing.rates import price_micros
from tenants import audit

IN_FORCE = """
SELECT term, value FROM billing_agreement WHERE effective <= %s AND (expires IS NULL OR expires > %s)
ORDER BY effective, created"""
MOMENT = timedelta(microseconds=1)


def agreed(plan: Plan, moment: datetime | None = None) -> Plan:
    """Return the plan with what was agreed in force at a moment, now by default; the later agreement wins."""
    # A term that plans have no more is passed over.
    terms = {name: value for name, value in _in_force(moment).items() if name in LIMITS}
    usable: dict[str, Any] = {
        name: value for name, value in terms.items() if value is not None or name in MAY_BE_NONE
    }
    changed = replace(plan, **usable)
    # A smaller allowance agreed alone may not leave a ceiling that no execution fits under.
    ceiling = min(changed.execution_ceiling_micros, changed.allowance_micros)
    return replace(changed, execution_ceiling_micros=ceiling)


def rates_of_tenant(moment: datetime | None = None) -> Mapping[str, int]:
    """Return micro-dollars by the name of the price, for the current tenant at a moment, now by default."""
    found = {
        name.removeprefix(RATE): value
        for name, value in _in_force(moment).items()
        if name.startswith(RATE) and value is not None
    }
    return MappingProxyType({**price_list.rates_at(moment), **found})


def cost_of_use(meter: str, quantity: int, moment: datetime | None = None) -> int:
    """Return what so many units of a meter cost the current tenant at a moment, in micro-dollars."""
    return price_micros(meter, quantity, rates_of_tenant(moment))


def unusable(term: str, value: int | None) -> str:
    """Say why a term cannot have this value; empty where it can."""
    if term not in dict(TERMS):
        return f"There is no term {term!r}."
    if value is None and term not in MAY_BE_NONE:
        return "This term is a number: it cannot be without a limit."
    if value is not None and value < 0:
        return "No term is negative."
    return ""


def record(
    *, term: str, value: int | None, reason: str, effective: datetime, expires: datetime | None
) -> Agreement:
    """Write an agreement of the current tenant down, here and in the audit log.

    Raises:
        ValueError: the term cannot have this value, or it would end before it begins.
    """
    if why := unusable(term, value):
        raise ValueError(why)
    if expires is not None and expires <= effective:
        raise ValueError("An agreement ends after it begins.")
    row: Agreement = Agreement.objects.create(
        term=term, value=value, reason=reason, effective=effective, expires=expires
    )
    after = {
        "term": term,
        "value": value,
        "reason": reason,
        "effective": f"{effective}",
        "expires": f"{expires or ''}",
    }
    _tell("agreement.made", row, after=after)
    return row


def end(agreement_id: UUID) -> None:
    """End an agreement of the current tenant now; one that has ended already stays as it is."""
    row = Agreement.objects.select_for_update().get(pk=agreement_id)
    now = timezone.now()
    if row.expires is not None and row.expires <= now:
        return
    # What lies ahead never comes into force.
    Agreement.objects.filter(pk=row.pk).update(effective=min(row.effective, now), expires=now + MOMENT)
    _tell("agreement.ended", row, before={"expires": f"{row.expires or ''}"}, after={"expires": f"{now}"})


def _tell(action: str, row: Agreement, before: Any = None, after: Any = None) -> None:
    audit.record(
        action,
        actor=audit.current_actor(),
        object_type="agreement",
        object_id=row.pk,
        before=before,
        after=after,
    )


def _in_force(moment: datetime | None) -> dict[str, int | None]:
    wanted = moment or timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(IN_FORCE, [wanted, wanted])
        return dict(cursor.fetchall())
