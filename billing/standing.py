"""What stands there costs by the day: memories, members. Each app that keeps such rows says how to count them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db import connections
from django.utils import timezone

from billing import ledger
from billing.agreements import cost_of_use
from tenants.models import Tenant
from tenants.task_scope import task_scope

SOURCE = "standing"
Counted = Callable[[], list[tuple[UUID, int]]]
# What lives for less than an hour is counted by nobody.
SEATS = """SELECT tenant_id, count(*) FROM public.tenants_membership
WHERE created < now() - interval '1 hour' GROUP BY tenant_id"""


def _seats() -> list[tuple[UUID, int]]:
    with connections["platform"].cursor() as cursor:
        cursor.execute(SEATS)
        return list(cursor.fetchall())


REGISTERED: dict[str, Counted] = {"seat_days": _seats}


def register(meter: str, count: Counted) -> None:
    """Let a meter be counted once a day: `count` returns (tenant, number of rows) over all tenants, as the platform."""
    REGISTERED[meter] = count


def count_standing(day: date | None = None) -> int:
    """Write down what stands there today, once for each tenant, meter and day; return how many tenants' rows it was."""
    wanted = day or timezone.now().date()
    return sum(
        _written(meter, tenant, number, wanted)
        for meter, count in REGISTERED.items()
        for tenant, number in count()
    )


def _written(meter: str, tenant_id: UUID, number: int, day: date) -> bool:
    """A tenant that is gone meanwhile owes nothing."""
    if not number:
        return False
    begin = datetime.combine(day, datetime.min.time(), tzinfo=UTC)
    moment = min(timezone.now(), begin + timedelta(days=1) - timedelta(microseconds=1))
    try:
        with task_scope(tenant_id):
            fresh = ledger.post_all(
                [
                    ledger.Fact(
                        meter, number, cost_of_use(meter, number, moment), SOURCE, f"{meter}:{day}",
                        description=f"{number:,} on {day:%d %B %Y}", occurred_at=moment,
                    )
                ],
                reserved=False,
            )  # fmt: skip
    except Tenant.DoesNotExist:
        return False
    return bool(fresh)
