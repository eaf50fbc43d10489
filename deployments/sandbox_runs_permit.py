"""What the current tenant's plan lets its boxes be, and whether there are minutes left this month."""

import shutil

from django.db.models import Sum
from django.utils import timezone

from billing.subscriptions import current_plan
from deployments.models import SandboxRun
from deployments.sandboxes.e2b import Where
from deployments.sandboxes.permit import MIB, Permit
from miosa.environment import environment
from miosa.http.problem import PaymentRequired
from tenants.owned import current_tenant_id

LIFETIME_S = 3600
DISK_BYTES = 256 * MIB
OUTPUT_BYTES = 16 * MIB  # written by one program before it is stopped
MINUTE_MS = 60_000
KEY_S = 86_400  # how long a key is good that was made for one use
MISSING = "Code cannot be executed here: bubblewrap is not installed (Debian: `apt-get install bubblewrap`)."


class MinutesUsedUp(PaymentRequired):
    """The sandbox minutes of this month's plan are used up."""

    title = "Quota exceeded"

    def __init__(self, *, minutes: int) -> None:
        super().__init__(
            f"The {minutes} sandbox minutes of this month's plan are used up. Choose a larger plan, or wait for the"
            " next month.",
            extensions={"sandbox_minutes": minutes},
        )


def where() -> Where:
    """Return whose boxes are used: E2B's cloud with its key, else our own server."""
    values = environment()
    return Where(e2b_api_key=values.e2b_api_key, sandboxes_url=values.sandboxes_url)


def why_not() -> str:
    """Return why no code can run here, in a sentence that says what to do; empty where it can."""
    place = where()
    if place.e2b_api_key:
        return ""
    if not place.sandboxes_url:
        return (
            "Code cannot be executed here: no sandbox server runs. Start the product with `manage.py serve`."
        )
    return "" if shutil.which("bwrap") else MISSING


def permit() -> Permit:
    """Return what the tenant's plan allows, as a permit for the sandbox server."""
    plan = current_plan()
    return Permit(
        tenant=str(current_tenant_id()),
        boxes=plan.sandbox_boxes,
        lifetime_s=LIFETIME_S,
        memory_bytes=plan.sandbox_memory_mb * MIB,
        disk_bytes=DISK_BYTES,
        output_bytes=OUTPUT_BYTES,
        hosts=plan.sandbox_hosts,
        until=int(timezone.now().timestamp()) + KEY_S,
    )


def refuse_used_up() -> None:
    """Raise MinutesUsedUp where the month's minutes are gone. What was begun before is let finish."""
    minutes = current_plan().sandbox_minutes
    if minutes is None:
        return
    since = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    used_ms = SandboxRun.objects.filter(created__gte=since).aggregate(total=Sum("box_ms"))["total"] or 0
    if used_ms >= minutes * MINUTE_MS:
        raise MinutesUsedUp(minutes=minutes)
