"""What billing does by itself."""

import logging

from celery import shared_task

from billing import quota, standing, subscriptions, verification, warnings
from billing.payments import door, following, inbox, mirroring, telling, usage
from tenants.models import Tenant
from tenants.task_scope import task_scope

logger = logging.getLogger(__name__)


@shared_task(name="billing.sweep_reservations")
def sweep_reservations() -> None:
    quota.sweep_expired()


@shared_task(name="billing.expire_grants")
def expire_grants() -> None:
    subscriptions.expire_due()


@shared_task(name="billing.count_standing")
def count_standing() -> None:
    standing.count_standing()


@shared_task(name="billing.warn")
def warn() -> None:
    warnings.look()
    warnings.mail()


@shared_task(name="billing.reconcile")
def reconcile() -> None:
    verification.reconcile()


@shared_task(name="billing.tell_usage")
def tell_usage() -> None:
    usage.add_up()
    mirroring.mirror()
    usage.send()


@shared_task(name="billing.apply_stripe_events")
def apply_stripe_events() -> None:
    inbox.apply_due()
    telling.mail()


@shared_task(name="billing.follow_subscriptions")
def follow_subscriptions() -> None:
    """What changes by the clock alone, and what no event told of."""
    if not door.is_configured():
        return
    for tenant_id in following.due():
        try:
            with task_scope(tenant_id):
                following.follow()
        except Tenant.DoesNotExist:
            continue
        except (door.StripeAway, door.StripeRefused, ValueError) as error:
            logger.warning("Subscription of tenant %s could not be read: %s", tenant_id, error)
