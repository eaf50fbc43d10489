"""What the platform earns by each tenant: what is paid, against what providers ask for it.

Credit that was bought counts when it is used, as the books have it; a plan's price counts for the month that it is paid
for. What providers cost is told by the apps that know it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from billing.models import BillingAccount, Grant, Standing
from billing.price_list import plans_at
from miosa.pg.platform import platform
from tenants.places import in_each_place, place, places

LONGEST_MONTH = timedelta(days=31)
MICROS_PER_CENT = 10_000
MONTHS = 12
OVERAGE = "overage"
FEES = (Standing.ACTIVE, Standing.PAST_DUE, Standing.RESTRICTED)

PAID = """
SELECT p.tenant_id, coalesce(g.kind, 'overage'), sum(CASE WHEN p.credit = 'usage' THEN p.amount_micros ELSE -p.amount_micros END)::bigint
FROM billing_posting p LEFT JOIN billing_grant g ON g.tenant_id = p.tenant_id AND g.id = p.grant_id
WHERE 'usage' IN (p.credit, p.debit) AND p.created >= %s AND p.created < %s GROUP BY 1, 2"""

COSTS: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Margin:
    """One tenant's month, in micro-dollars: `used` by what paid for it, `provider` by who asks, `fee` of the plan."""

    tenant: str
    used: dict[str, int] = field(default_factory=dict)
    provider: dict[str, int] = field(default_factory=dict)
    fee: int = 0

    @property
    def earned(self) -> int:
        """What is paid: the plan, packs that were used, overage. Allowances and promotions are given."""
        return self.fee + self.used.get(Grant.Kind.PREPAID, 0) + self.used.get(OVERAGE, 0)

    @property
    def margin(self) -> int:
        """What is left of it."""
        return self.earned - sum(self.provider.values())

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "tenant": self.tenant,
            "used": self.used,
            "provider": self.provider,
            "fee": self.fee,
            "earned": self.earned,
            "margin": self.margin,
        }


def register(name: str, statement: str) -> None:
    """Add SQL that yields (tenant, micro-dollars) of what a provider asks for a time, from %s until before %s."""
    COSTS[name] = statement


def margins(month: date) -> list[Margin]:
    """Return each tenant's month, the largest loss first; tenants of whom nothing is known are left out."""
    begin = datetime.combine(month.replace(day=1), time(), tzinfo=UTC)
    end = (begin + LONGEST_MONTH).replace(day=1)
    used: dict[UUID, dict[str, int]] = defaultdict(dict)
    provider: dict[UUID, dict[str, int]] = defaultdict(dict)
    for tenant, kind, amount in in_each_place(PAID, [begin, end]):
        used[tenant][kind] = int(amount)
    for name, statement in COSTS.items():
        for tenant, amount in in_each_place(statement, [begin, end]):
            provider[tenant][name] = int(amount)
    fees = _fees(begin, end)
    rows = [
        Margin(str(tenant), used.get(tenant, {}), provider.get(tenant, {}), fees.get(tenant, 0))
        for tenant in used.keys() | provider.keys() | fees.keys()
    ]
    return sorted(rows, key=lambda row: (row.margin, row.tenant))


def _fees(begin: datetime, end: datetime) -> dict[UUID, int]:
    """The price of the plan that is paid for in the month; a year's is spread over its months."""
    found: dict[UUID, int] = {}
    for schema in places():
        with place(schema), platform():
            for row in BillingAccount.objects.filter(
                standing__in=FEES, started__lt=end, period_end__gt=begin
            ):
                plan = plans_at(begin).get(row.plan)
                minor = (
                    plan.prices.get((row.currency, row.interval), 0) if plan and row.currency == "USD" else 0
                )
                found[row.tenant_id] = minor * MICROS_PER_CENT // (MONTHS if row.interval == "year" else 1)
    return found
