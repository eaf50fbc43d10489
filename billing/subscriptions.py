"""Which plan counts, and the month's budget that follows from it; the only writer of Subscription and of a Budget's caps."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Sum
from django.utils import timezone
from uuid_utils.compat import uuid7

from billing import agreements
from billing.agreements import agreed
from billing.books import granting
from billing.books.granting import Given
from billing.models import Agreement, Budget, Grant, Subscription
from billing.plans import DEFAULT_PLAN, Plan
from billing.price_list import plan_at, plans_at
from miosa.http.problem import Conflict
from tenants import audit
from tenants.places import in_each_place

LONGEST_MONTH = timedelta(days=31)
PLAN = "plan"  # the source of allowances

# What expires in the middle of a month is no longer to be spent in it.
EXPIRE = (
    granting.EXPIRE
    + """,
lost AS (
  SELECT tenant_id, sum(remaining_micros) AS amount FROM dead WHERE kind <> 'allowance' GROUP BY tenant_id),
capped AS (
  UPDATE billing_budget b SET cap_micros = b.cap_micros - lost.amount FROM lost
  WHERE b.tenant_id = lost.tenant_id AND b.month = date_trunc('month', now() AT TIME ZONE 'UTC')::date)
SELECT count(*) FROM dead"""
)


def current_plan() -> Plan:
    """Return the current tenant's plan with what was agreed; a tenant without a subscription is on the free one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT plan FROM billing_subscription")
        row = cursor.fetchone()
    return agreed(plan_at(row[0] if row else DEFAULT_PLAN))


def subscribe(slug: str) -> Subscription:
    """Put the current tenant on a plan; raises KeyError for an unknown one. The month's caps and credit follow at once."""
    chosen = plans_at()[slug]
    with transaction.atomic():
        before, plan = current_plan(), agreed(chosen)
        row: Subscription = Subscription.objects.update_or_create(defaults={"plan": plan.slug})[0]
        _follow(plan)
        audit.record(
            "plan.changed",
            actor=audit.current_actor(),
            object_type="subscription",
            object_id=row.pk,
            before=_caps(before),
            after=_caps(plan),
        )
    return row


def agree(
    *, term: str, value: int | None, reason: str, effective: datetime, expires: datetime | None = None
) -> Agreement:
    """Agree on a term with the current tenant alone; the open month follows at once. See `agreements.record`."""
    with transaction.atomic():
        row = agreements.record(term=term, value=value, reason=reason, effective=effective, expires=expires)
        _follow(current_plan())
    return row


def end_agreement(agreement_id: UUID) -> None:
    """End an agreement of the current tenant; its plan's own terms count at once."""
    with transaction.atomic():
        agreements.end(agreement_id)
        _follow(current_plan())


def _caps(plan: Plan) -> dict[str, str | int | None]:
    return {"plan": plan.slug, "cap_micros": plan.allowance_micros, "executions_cap": plan.executions}


def _follow(plan: Plan) -> None:
    """Bring the open month to a plan: a larger allowance is granted on top, of a smaller one the rest is withdrawn."""
    month = month_of(timezone.now())
    budget: Budget | None = Budget.objects.select_for_update().filter(month=month).first()
    if budget is None:
        return
    more = plan.allowance_micros - budget.allowance_micros
    cause = f"{month}:{uuid7()}"
    if more > 0:
        _allow(f"{plan.name} allowance, from the change of plan", more, cause, month)
    elif more < 0:
        granting.withdraw(Grant.Kind.ALLOWANCE, -more, source_id=cause, why=f"change of plan to {plan.name}")
    Budget.objects.filter(pk=budget.pk).update(
        cap_micros=F("cap_micros") + more,
        allowance_micros=plan.allowance_micros,
        executions_cap=plan.executions,
    )


def give(given: Given) -> Grant:
    """Give credit to the current tenant, and let the month's budget hold it; the same cause again gives nothing more.

    Raises:
        ValueError: nothing is given, or it would have expired already.
    """
    with transaction.atomic():
        budget = current_budget()
        row, fresh = granting.grant(given)
        if fresh:
            Budget.objects.filter(pk=budget.pk).update(cap_micros=F("cap_micros") + row.amount_micros)
            audit.record(
                "credit.granted",
                actor=audit.current_actor(),
                object_type="grant",
                object_id=row.pk,
                after={"kind": row.kind, "name": row.name, "amount_micros": row.amount_micros},
            )
    return row


def take_back(grant: UUID, *, why: str) -> int:
    """Withdraw what is left of a grant of the current tenant; return how much that was, in micro-dollars.

    Raises:
        Conflict: it is a plan's allowance, which the plan gives and takes.
        Grant.DoesNotExist: there is no such grant.
    """
    with transaction.atomic():
        budget = current_budget()
        row: Grant = Grant.objects.get(pk=grant)
        if row.kind == Grant.Kind.ALLOWANCE:
            raise Conflict("An allowance belongs to its plan: change the plan instead.")
        taken = granting.withdraw(row, row.amount_micros, source_id=f"{grant}:{uuid7()}", why=why)
        if taken:
            Budget.objects.filter(pk=budget.pk).update(cap_micros=F("cap_micros") - taken)
            audit.record(
                "credit.withdrawn",
                actor=audit.current_actor(),
                object_type="grant",
                object_id=row.pk,
                before={"remaining_micros": taken},
                after={"remaining_micros": 0},
            )
    return taken


def expire_due() -> int:
    """Let the credit of all tenants that is over expire, as the platform; return how many grants that were."""
    return sum(int(number) for (number,) in in_each_place(EXPIRE))


def month_of(moment: datetime) -> date:
    """Return the first day of the moment's month, UTC."""
    return moment.date().replace(day=1)


def current_budget() -> Budget:
    """Return this month's budget of the current tenant; the first use opens it, with the plan's allowance."""
    month = month_of(timezone.now())
    budget: Budget | None = Budget.objects.filter(month=month).first()
    return budget or _opened(month)


def _opened(month: date) -> Budget:
    plan = current_plan()
    with transaction.atomic():
        others = Grant.objects.exclude(kind=Grant.Kind.ALLOWANCE).filter(remaining_micros__gt=0)
        carried = others.exclude(expires__lte=timezone.now()).aggregate(sum=Sum("remaining_micros"))["sum"]
        fresh = Budget(
            month=month,
            cap_micros=plan.allowance_micros + (carried or 0),
            allowance_micros=plan.allowance_micros,
            executions_cap=plan.executions,
        )
        Budget.objects.bulk_create([fresh], ignore_conflicts=True)
        if plan.allowance_micros:
            _allow(f"{plan.name} allowance of {month:%B %Y}", plan.allowance_micros, f"{month}", month)
    budget: Budget = Budget.objects.get(month=month)
    return budget


def _allow(name: str, amount_micros: int, cause: str, month: date) -> None:
    begin = datetime.combine(month, datetime.min.time(), tzinfo=UTC)
    end = (begin + LONGEST_MONTH).replace(day=1)
    granting.grant(Given(Grant.Kind.ALLOWANCE, amount_micros, name, PLAN, cause, expires=end))
