"""Who spends more than they meant to is told: at the levels they chose, and on a day that is unlike the others.

A warning is a row, written once; its letters go out from the row, so that none is lost with a process. The only writer
of SpendWarning and SpendAlert.
"""

import logging
from datetime import date
from smtplib import SMTPException
from uuid import UUID

from django.db import connections, transaction
from django.utils import timezone

from billing.letters import send_warning
from billing.models import AlertKind, SpendAlert, SpendWarning
from miosa.http.problem import Conflict, NotFound
from tenants import audit
from tenants.models import Tenant
from tenants.places import in_each_place
from tenants.task_scope import task_scope

logger = logging.getLogger(__name__)

USUAL_LEVELS = (80, 100)  # percent, for whoever chose no share
MOST_ALERTS = 20
MOST_LETTERS = 200  # in one run
DAYS, LEAST_DAYS = 28, 7
UNUSUAL = 4.0  # standard deviations above the mean of the days before
LEAST_UNUSUAL_MICROS = 1_000_000

REACHED = """
INSERT INTO billing_spendwarning (id, tenant_id, period, kind, level, spent_micros, cap_micros, created)
SELECT uuidv7(), b.tenant_id, b.month, a.kind, a.level, b.spent_micros, b.cap_micros, now()
FROM billing_budget b CROSS JOIN LATERAL (
  SELECT kind, level FROM billing_spendalert s WHERE s.tenant_id = b.tenant_id
  UNION ALL SELECT 'share', usual FROM unnest(%s::bigint[]) usual
  WHERE NOT EXISTS (SELECT FROM billing_spendalert s WHERE s.tenant_id = b.tenant_id AND s.kind = 'share')) a
WHERE b.month = date_trunc('month', now() AT TIME ZONE 'UTC')::date AND b.spent_micros > 0
  AND CASE a.kind WHEN 'share' THEN b.spent_micros * 100 >= b.cap_micros * a.level ELSE b.spent_micros >= a.level END
ON CONFLICT DO NOTHING RETURNING tenant_id"""

# From the view of days, which is seconds old: the ledger of a month is not read again every minute.
UNLIKE = """
WITH days AS (
  SELECT tenant_id, day, cost_micros FROM stats.spend_by_day_of_all
  WHERE day >= (now() AT TIME ZONE 'UTC')::date - %(days)s),
usual AS (
  SELECT tenant_id, sum(cost_micros)::float / %(days)s AS mean,
    sqrt(greatest(0, sum(cost_micros::float ^ 2) / %(days)s - (sum(cost_micros)::float / %(days)s) ^ 2)) AS deviation
  FROM days WHERE day < (now() AT TIME ZONE 'UTC')::date GROUP BY tenant_id HAVING count(*) >= %(least_days)s)
SELECT d.tenant_id, d.day, d.cost_micros, ceil(u.mean + %(unusual)s * u.deviation)::bigint
FROM days d JOIN usual u USING (tenant_id)
WHERE d.day = (now() AT TIME ZONE 'UTC')::date AND d.cost_micros >= %(least)s
  AND d.cost_micros > u.mean + %(unusual)s * u.deviation"""

WAITING = """
SELECT id, tenant_id FROM billing_spendwarning
WHERE mailed IS NULL AND created > now() - interval '1 day' ORDER BY created LIMIT %s"""


def look() -> int:
    """Write down what is to be warned of, over all tenants, as the platform; return how many warnings are new."""
    reached = in_each_place(REACHED, [list(USUAL_LEVELS)])
    return len(reached) + sum(_unusual(*row) for row in _unlike())


def mail() -> int:
    """Send the letters of warnings that wait; return how many warnings that were."""
    waiting = in_each_place(WAITING, [MOST_LETTERS])
    return sum(_mailed(warning_id, tenant_id) for warning_id, tenant_id in waiting)


def choose(kind: str, level: int) -> SpendAlert:
    """Warn the current tenant at a level from now on.

    Raises:
        Conflict: there is such an alert already, or there are too many.
    """
    with transaction.atomic():
        if SpendAlert.objects.filter(kind=kind, level=level).exists():
            raise Conflict("There is such an alert already.")
        if SpendAlert.objects.count() >= MOST_ALERTS:
            raise Conflict(f"There are {MOST_ALERTS} alerts already: delete one first.")
        row: SpendAlert = SpendAlert.objects.create(kind=AlertKind(kind), level=level)
        audit.record(
            "spend_alert.made", actor=audit.current_actor(), object_type="spend_alert", object_id=row.pk,
            after={"kind": kind, "level": level},
        )  # fmt: skip
    return row


def forget(alert_id: UUID) -> None:
    """Delete an alert of the current tenant. Raises NotFound."""
    with transaction.atomic():
        row = SpendAlert.objects.filter(pk=alert_id).first()
        if row is None:
            raise NotFound("There is no such alert.")
        audit.record(
            "spend_alert.deleted", actor=audit.current_actor(), object_type="spend_alert", object_id=row.pk,
            before={"kind": row.kind, "level": row.level},
        )  # fmt: skip
        row.delete()


def _unlike() -> list[tuple[UUID, date, int, int]]:
    values = {"days": DAYS, "least_days": LEAST_DAYS, "unusual": UNUSUAL, "least": LEAST_UNUSUAL_MICROS}
    with connections["platform"].cursor() as cursor:
        cursor.execute(UNLIKE, values)
        return list(cursor.fetchall())


def _unusual(tenant_id: UUID, day: date, spent_micros: int, usual_micros: int) -> bool:
    try:
        with task_scope(tenant_id):
            row = SpendWarning(
                period=day, kind=SpendWarning.Kind.DAY, level=usual_micros, spent_micros=spent_micros,
                created=timezone.now(),
            )  # fmt: skip
            if SpendWarning.objects.filter(period=day, kind=row.kind).exists():
                return False
            SpendWarning.objects.bulk_create([row], ignore_conflicts=True)
    except Tenant.DoesNotExist:
        return False
    return True


def _mailed(warning_id: UUID, tenant_id: UUID) -> bool:
    """Whoever holds the row sends; a process that dies between the two lets the letter go out again."""
    try:
        with task_scope(tenant_id) as tenant, transaction.atomic():
            row = (
                SpendWarning.objects.select_for_update(skip_locked=True)
                .filter(pk=warning_id, mailed=None)
                .first()
            )
            if row is None:
                return False
            send_warning(row, tenant)
            SpendWarning.objects.filter(pk=row.pk).update(mailed=timezone.now())
            audit.record(
                "spend.warned", actor="system", object_type="spend_warning", object_id=row.pk,
                after={"kind": row.kind, "level": row.level, "spent_micros": row.spent_micros},
            )  # fmt: skip
    except Tenant.DoesNotExist:
        return False
    except (OSError, SMTPException) as failure:
        logger.warning(
            "The letter of warning %s was not sent, and is tried again: %s",
            warning_id,
            type(failure).__name__,
        )
        return False
    return True
