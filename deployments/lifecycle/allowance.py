"""What a tenant's plan has room for: services at once, deployments in a day, hours of hosting in a month."""

from datetime import timedelta

from django.contrib.postgres.functions import TransactionNow
from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Trunc

from billing.models import LedgerEntry
from billing.plans import Plan
from billing.subscriptions import current_plan
from deployments.models import Deployment, Service
from miosa.http.problem import PaymentRequired, TooManyRequests
from tenants.owned import current_tenant_id

DAY = timedelta(days=1)
HOUR_S = 3_600
GIGABYTE = 1_000_000_000
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


class NoRoomForService(PaymentRequired):
    """The plan's services are all in use; destroy one, or change the plan."""


class DeploymentsUsedUp(TooManyRequests):
    """The plan's deployments of a day are used up; wait, or change the plan."""


def refuse_beyond_plan(*, new_service: bool) -> None:
    """Refuse what the plan has no room for; a new service's row is there already. One tenant is counted once at a time.

    Raises NoRoomForService, DeploymentsUsedUp, and PaymentRequired where the month's hosting is used up.
    """
    plan = current_plan()
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [f"deployments:{current_tenant_id()}"])
    if new_service:
        _refuse_services(plan)
    if plan.deployments is not None and _today() >= plan.deployments:
        raise DeploymentsUsedUp(
            f"The plan {plan.name} allows {plan.deployments} deployments in 24 hours.", retry_after_s=HOUR_S
        )
    if over := used_up(plan):
        raise PaymentRequired(over)


def used_up(plan: Plan) -> str:
    """Return what of the month's hosting is used up, in one sentence; "" where nothing is."""
    hours, gigabytes = used("hosting_s") / HOUR_S, used("egress_bytes") / GIGABYTE
    if plan.hosting_hours is not None and hours >= plan.hosting_hours:
        return f"The plan {plan.name} allows {plan.hosting_hours} hours of running apps in a month."
    if plan.egress_gb is not None and gigabytes >= plan.egress_gb:
        return f"The plan {plan.name} allows {plan.egress_gb} GB of egress in a month."
    return ""


def used(meter: str) -> int:
    """Return what the current tenant used of a meter this month, in its unit."""
    month = Trunc(TransactionNow(), "month")
    found = LedgerEntry.objects.filter(meter=meter, created__gte=month).aggregate(total=Sum("quantity"))
    return int(found["total"] or 0)


def _refuse_services(plan: Plan) -> None:
    there = Service.objects.exclude(state=Service.State.DESTROYED).count()
    if plan.services is not None and there > plan.services:
        raise NoRoomForService(f"The plan {plan.name} allows {plan.services} services; destroy one first.")


def _today() -> int:
    rows = Deployment.objects.filter(created__gt=TransactionNow() - DAY, kind=Deployment.Kind.DEPLOY)
    return int(rows.count())
