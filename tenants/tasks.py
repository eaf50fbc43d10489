"""What the tenants app does by itself."""

from celery import shared_task

from miosa.pg.platform import platform
from tenants import idempotency, sessions
from tenants.audit.anchoring import anchor_heads
from tenants.audit.watching import verify_all


@shared_task(name="tenants.forget_old_requests")
def forget_old_requests() -> None:
    with platform():
        idempotency.forget_old()


@shared_task(name="tenants.forget_ended_sessions")
def forget_ended_sessions() -> None:
    with platform():
        sessions.forget_ended()


@shared_task(name="tenants.anchor_audit")
def anchor_audit() -> None:
    anchor_heads()


@shared_task(name="tenants.verify_audit")
def verify_audit() -> None:
    verify_all()
