"""Do the books agree with everything else? Sums side by side, and every difference to the micro-dollar.

Each comparison is SQL that yields (tenant, what, here, there) where two sides differ; where nothing differs it yields
nothing. What is written in one transaction is never seen in half.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from django.db import connections, transaction
from django.utils import timezone

from billing.models import Reconciliation
from miosa.pg.patience import take_time
from miosa.pg.platform import platform
from tenants.places import place, places

LIMIT_S = 600
MOST_KEPT = 100  # of the differences of one run

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides that must be equal: `sums` gives each side's whole, `differences` where they differ."""

    name: str
    sides: tuple[str, str]
    sums: str
    differences: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two sides differ; money in micro-dollars."""

    comparison: str
    tenant: str
    what: str
    here: int
    there: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a comparison with somebody else's books found: both sums, and where they differ."""

    name: str
    sums: Mapping[str, int]
    differences: Sequence[Difference]


# From the answer of a model to the line of an invoice; None where there is no payment service. `ledger` is what the calls
# cost, `ledger_told` all that was told to the payment service: other meters and corrections too.
CHAIN = ("model_calls", "ledger", "ledger_told", "meter_events", "stripe_summaries", "invoice_lines")


@dataclass(frozen=True, slots=True)
class Report:
    """What `verify` found: each comparison's two sums, and every difference."""

    sums: Mapping[str, Mapping[str, int]]
    differences: Sequence[Difference]

    def as_json(self) -> dict[str, Any]:
        """As plain values: the sums along the chain by name, and all of them by comparison."""
        sides = {side: amount for pair in self.sums.values() for side, amount in pair.items()}
        return {
            "sums": {name: sides.get(name) for name in CHAIN},
            "comparisons": {name: dict(pair) for name, pair in self.sums.items()},
            "differences": [asdict(one) for one in self.differences],
        }


ENTRIES_AND_POSTINGS = Comparison(
    "usage in entries and postings",
    ("entries", "postings"),
    """SELECT (SELECT coalesce(sum(cost_micros), 0) FROM billing_ledgerentry),
         (SELECT coalesce(sum(CASE WHEN credit = 'usage' THEN amount_micros ELSE -amount_micros END), 0)
          FROM billing_posting WHERE 'usage' IN (credit, debit))""",
    """SELECT coalesce(e.tenant_id, p.tenant_id), 'entry ' || coalesce(e.id, p.entry_id),
         coalesce(e.cost_micros, 0), coalesce(p.amount, 0)
       FROM (SELECT tenant_id, id, cost_micros FROM billing_ledgerentry WHERE cost_micros <> 0) e
       FULL JOIN (SELECT tenant_id, entry_id, sum(CASE WHEN credit = 'usage' THEN amount_micros ELSE -amount_micros END) amount
                  FROM billing_posting WHERE 'usage' IN (credit, debit) GROUP BY 1, 2) p
         ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
       WHERE coalesce(e.cost_micros, 0) <> coalesce(p.amount, 0)""",
)
GRANTS_AND_POSTINGS = Comparison(
    "credit in grants and postings",
    ("grants", "postings"),
    """SELECT (SELECT coalesce(sum(remaining_micros), 0) FROM billing_grant),
         (SELECT coalesce(sum(CASE WHEN credit = 'credits' THEN amount_micros ELSE -amount_micros END), 0)
          FROM billing_posting WHERE grant_id IS NOT NULL)""",
    """SELECT g.tenant_id, 'grant ' || g.id, g.remaining_micros, coalesce(p.amount, 0) FROM billing_grant g
       LEFT JOIN (SELECT grant_id, sum(CASE WHEN credit = 'credits' THEN amount_micros ELSE -amount_micros END) amount
                  FROM billing_posting WHERE grant_id IS NOT NULL GROUP BY 1) p ON p.grant_id = g.id
       WHERE g.remaining_micros <> coalesce(p.amount, 0)""",
)
BUDGETS_AND_RESERVATIONS = Comparison(
    "money set aside in budgets and reservations",
    ("budgets", "reservations"),
    """SELECT (SELECT coalesce(sum(reserved_micros), 0) FROM billing_budget),
         (SELECT coalesce(sum(amount_micros), 0) FROM billing_reservation WHERE state = 'held')""",
    """SELECT b.tenant_id, 'budget of ' || b.month, b.reserved_micros, coalesce(r.held, 0) FROM billing_budget b
       LEFT JOIN (SELECT budget_id, sum(amount_micros) held FROM billing_reservation WHERE state = 'held' GROUP BY 1) r
         ON r.budget_id = b.id
       WHERE b.reserved_micros <> coalesce(r.held, 0)""",
)
REGISTERED: dict[str, Comparison] = {
    one.name: one for one in (ENTRIES_AND_POSTINGS, GRANTS_AND_POSTINGS, BUDGETS_AND_RESERVATIONS)
}


FOREIGN: list[Callable[[], Iterable[Found]]] = []


def register_foreign(found: Callable[[], Iterable[Found]]) -> None:
    """Add a comparison with what another service counts."""
    if found not in FOREIGN:
        FOREIGN.append(found)


def register(comparison: Comparison) -> None:
    """Add a comparison of an app above: it knows the facts that its entries were made from."""
    REGISTERED[comparison.name] = comparison


def verify(comparisons: Iterable[Comparison] | None = None) -> Report:
    """Compare all sides over all tenants, as the platform; a place is read in one snapshot, for it is one statement."""
    wanted = list(REGISTERED.values() if comparisons is None else comparisons)
    sums = {one.name: dict.fromkeys(one.sides, 0) for one in wanted}
    differences: list[Difference] = []
    for schema in places():
        with place(schema) as connection:
            rows = _compared(connection.alias, wanted)
        for number, tenant, what, here, there in rows:
            one = wanted[number]
            if tenant is None:
                sums[one.name][one.sides[0]] += int(here)
                sums[one.name][one.sides[1]] += int(there)
            else:
                differences.append(Difference(one.name, tenant, what, int(here), int(there)))
    for one in FOREIGN if comparisons is None else ():
        for other in one():
            sums[other.name] = dict(other.sums)
            differences += other.differences
    return Report(MappingProxyType(sums), tuple(differences))


def reconcile() -> Report:
    """Verify, keep what was found for the admin, and let the log cry where something differs."""
    started = timezone.now()
    report = verify()
    found = report.as_json()
    with platform():
        Reconciliation.objects.create(
            started=started,
            finished=timezone.now(),
            sums=found["comparisons"],
            differences=found["differences"][:MOST_KEPT],
            number=len(report.differences),
        )
    if report.differences:
        logger.error(
            "The books do not agree: %d differences, the first: %s",
            len(report.differences),
            report.differences[0],
        )
    return report


def _compared(alias: str, wanted: Sequence[Comparison]) -> list[tuple[Any, ...]]:
    """(number of the comparison, tenant, what, here, there); where there is no tenant, the sides' sums."""
    parts = (
        f"SELECT {number}, NULL::text, NULL::text, here, there FROM ({one.sums}) s (here, there) UNION ALL"
        f" SELECT {number}, tenant::text, what, here, there FROM ({one.differences}) d (tenant, what, here, there)"
        for number, one in enumerate(wanted)
    )
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        take_time(LIMIT_S, using=alias)
        cursor.execute(" UNION ALL ".join(parts))
        return list(cursor.fetchall())
