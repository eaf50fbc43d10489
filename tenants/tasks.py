"""What the tenants app does by itself."""

from celery import shared_task

from miosa.pg.platform import platform
from tenants import idempotency


@shared_task(name="tenants.forget_old_requests")
def forget_old_requests() -> None:
    with platform():
        idempotency.forget_old()
