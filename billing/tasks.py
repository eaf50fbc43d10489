"""What billing does by itself."""

from celery import shared_task

from billing import quota


@shared_task(name="billing.sweep_reservations")
def sweep_reservations() -> None:
    quota.sweep_expired()
