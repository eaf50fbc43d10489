"""Which plan counts, and the month's budget that follows from it; the only writer of Subscription and new Budgets."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from billing.models import Budget, Subscription
from billing.plans import DEFAULT_PLAN, Plan, plans
from tenants import audit


def current_plan() -> Plan:
    """Return the current tenant's plan; a tenant without a subscription is on the free one."""
    row = Subscription.objects.first()
    return plans()[row.plan if row else DEFAULT_PLAN]


def subscribe(slug: str) -> Subscription:
    """Put the current tenant on a plan; raises KeyError for an unknown one. The month's caps follow at once."""
    plan = plans()[slug]
    with transaction.atomic():
        before = current_plan()
        row: Subscription = Subscription.objects.update_or_create(defaults={"plan": plan.slug})[0]
        Budget.objects.filter(month=month_of(timezone.now())).update(
            cap_micros=plan.allowance_micros, executions_cap=plan.executions
        )
        audit.record(
            "plan.changed",
            actor=audit.current_actor(),
            object_type="subscription",
            object_id=row.pk,
            before=_caps(before),
            after=_caps(plan),
        )
    return row


def _caps(plan: Plan) -> dict[str, str | int | None]:
    return {"plan": plan.slug, "cap_micros": plan.allowance_micros, "executions_cap": plan.executions}


def month_of(moment: datetime) -> date:
    """Return the first day of the moment's month, UTC."""
    return moment.date().replace(day=1)


def current_budget() -> Budget:
    """Return this month's budget of the current tenant, opened on first use."""
    month = month_of(timezone.now())
    budget: Budget | None = Budget.objects.filter(month=month).first()
    if budget is None:
        plan = current_plan()
        fresh = Budget(month=month, cap_micros=plan.allowance_micros, executions_cap=plan.executions)
        Budget.objects.bulk_create([fresh], ignore_conflicts=True)
        budget = Budget.objects.get(month=month)
    return budget
