"""Does Stripe count what we told it, and does it invoice what it counted? By tenant and hour, and by invoice."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

from billing.models import BillingAccount, MeterEvent
from billing.payments import catalog, door
from billing.payments.invoices import lines
from billing.payments.life import PAYING
from billing.verification import Comparison, Difference, Found, register, register_foreign
from tenants.models import Tenant
from tenants.places import in_each_place
from tenants.task_scope import task_scope

SUMMARIES = "usage told and Stripe's summaries"
INVOICES = "usage told and Stripe's invoice lines"
HOURLY = timedelta(days=35)  # what is older is compared as a whole
SETTLES = timedelta(minutes=15)  # summaries lag behind the events
NOT_INVOICED = ("draft", "void")

# Entries from before there was a key are not told. Notes of the running minute are on their way.
TOLD = Comparison(
    "ledger and usage told",
    ("ledger_told", "meter_events"),
    """SELECT (SELECT coalesce(sum(cost_micros), 0) FROM billing_ledgerentry WHERE told),
         (SELECT coalesce(sum(micros), 0) FROM billing_meterevent) + (SELECT coalesce(sum(micros), 0) FROM billing_usagetotell)""",
    """SELECT coalesce(e.tenant_id, m.tenant_id),
         'hour ' || to_char(coalesce(e.hour, m.hour) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:00'),
         coalesce(e.cost, 0), coalesce(m.micros, 0)
       FROM (SELECT tenant_id, date_trunc('hour', created) AS hour, sum(cost_micros) AS cost
             FROM billing_ledgerentry WHERE told GROUP BY 1, 2) e
       FULL JOIN (SELECT tenant_id, date_trunc('hour', moment) AS hour, sum(micros) AS micros
                  FROM (SELECT tenant_id, minute AS moment, micros FROM billing_meterevent
                        UNION ALL SELECT tenant_id, moment, micros FROM billing_usagetotell) x GROUP BY 1, 2) m
         ON m.tenant_id = e.tenant_id AND m.hour = e.hour
       WHERE coalesce(e.cost, 0) <> coalesce(m.micros, 0)""",
)
ACCOUNTS = "SELECT tenant_id FROM billing_billingaccount ORDER BY tenant_id"


@dataclass(frozen=True, slots=True)
class _Pair:
    """What we told and what Stripe says, of one hour or invoice."""

    what: str
    told: int
    there: int


def compare() -> None:
    """Let `manage.py ledger verify` look at them."""
    register(TOLD)
    register_foreign(found)


def found() -> Iterator[Found]:
    """Yield both comparisons over all tenants, as Stripe answers now; nothing without a key.

    Raises:
        StripeAway, StripeRefused: see `door.read`.
    """
    if not door.is_configured():
        return
    tenants = [tenant for (tenant,) in in_each_place(ACCOUNTS)]
    for name, sides, pairs_of in (
        (SUMMARIES, ("meter_events_sent", "stripe_summaries"), _by_hour),
        (INVOICES, ("meter_events_invoiced", "invoice_lines"), _by_invoice),
    ):
        pairs = [(tenant, pair) for tenant in tenants for pair in _of(tenant, pairs_of)]
        sums = {sides[0]: sum(one.told for _, one in pairs), sides[1]: sum(one.there for _, one in pairs)}
        differing = [
            Difference(name, str(tenant), one.what, one.told, one.there)
            for tenant, one in pairs
            if one.told != one.there
        ]
        yield Found(name, sums, differing)


def _of(tenant: UUID, pairs_of: Any) -> list[_Pair]:
    try:
        with task_scope(tenant):
            return list(pairs_of(BillingAccount.objects.get()))
    except Tenant.DoesNotExist:
        return []


def _by_hour(row: BillingAccount) -> Iterator[_Pair]:
    told, first, fresh = _told()
    if first is None:
        return
    now = timezone.now()
    begin = _hour(now - HOURLY)
    if first < begin:
        there = sum(_summed(row.customer, _hour(first), begin, window="").values())
        yield _Pair(f"before {begin:%Y-%m-%d}", sum(v for hour, v in told.items() if hour < begin), there)
    counted = _summed(row.customer, max(begin, _hour(first)), _hour(now) + timedelta(hours=1), window="hour")
    for hour in sorted({hour for hour in told if hour >= begin} | set(counted)):
        here, there = told.get(hour, 0), counted.get(hour, 0)
        late = fresh.get(hour, 0)
        # An event that was sent just now may be missing from its summary, and nothing but that.
        waiting = late and here - late <= there < here
        yield _Pair(f"hour {hour:%Y-%m-%d %H:00}", there if waiting else here, there)


def _told() -> tuple[Mapping[datetime, int], datetime | None, Mapping[datetime, int]]:
    """What was told by hour, since when, and how much of it was sent just now."""
    rows = MeterEvent.objects.exclude(state=MeterEvent.State.WAITING).annotate(
        hour=TruncHour("minute", tzinfo=UTC)
    )
    told = dict(rows.values_list("hour").annotate(Sum("micros")).order_by("hour"))
    recent = rows.filter(sent__gt=timezone.now() - SETTLES)
    return (
        told,
        min(told, default=None),
        dict(recent.values_list("hour").annotate(Sum("micros")).order_by("hour")),
    )


def _summed(customer: str, begin: datetime, end: datetime, *, window: str) -> Mapping[datetime, int]:
    asked: dict[str, Any] = {"value_grouping_window": window} if window else {}
    asked |= {"customer": customer, "start_time": int(begin.timestamp()), "end_time": int(end.timestamp())}
    sums: Counter[datetime] = Counter()
    for one in door.read_all("billing.meters.event_summaries.list", catalog.meter(), **asked):
        sums[datetime.fromtimestamp(one["start_time"], tz=UTC)] += int(one["aggregated_value"])
    return sums


def _by_invoice(row: BillingAccount) -> Iterator[_Pair]:
    """Each period that was invoiced, and the running one as it would be invoiced now."""
    price = catalog.usage_price()
    for invoice in _invoices(row):
        for line in lines(invoice):
            details = (line.get("pricing") or {}).get("price_details") or {}
            if details.get("price") != price:
                continue
            begin, end = (datetime.fromtimestamp(line["period"][side], tz=UTC) for side in ("start", "end"))
            told = MeterEvent.objects.filter(minute__gte=begin, minute__lt=end, state=MeterEvent.State.SENT)
            here = max(0, int(told.aggregate(sum=Sum("micros"))["sum"] or 0))
            there = int(line["quantity"] or 0)
            fresh = told.filter(sent__gt=timezone.now() - SETTLES).aggregate(sum=Sum("micros"))["sum"] or 0
            waiting = fresh and here - fresh <= there < here
            yield _Pair(f"invoice {invoice.get('number') or 'to come'}", there if waiting else here, there)


def _invoices(row: BillingAccount) -> Iterator[Mapping[str, Any]]:
    for one in door.read_all("invoices.list", customer=row.customer):
        if one["status"] not in NOT_INVOICED:
            yield one
    if row.standing in PAYING and row.standing != "trialing":
        params = {"customer": row.customer, "subscription": row.subscription}
        key = f"look:{row.pk}:{timezone.now().timestamp()}"
        yield door.post("invoices.create_preview", params, key=key)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
