"""What billing does by itself."""

from celery import shared_task

from billing import quota, standing, subscriptions, verification, warnings


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
