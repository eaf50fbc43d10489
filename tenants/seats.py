"""How many people a tenant may have: whoever knows its plan says so here; where nobody does, there is no limit."""

from collections.abc import Callable

from django.utils import timezone

from miosa.http.problem import PaymentRequired
from tenants.models import Invitation, Membership

Limit = Callable[[], int | None]
_limits: list[Limit] = []


class NoSeatLeft(PaymentRequired):
    """All seats of the plan are taken, or offered."""

    title = "No seat left"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"All {limit} seats of this plan are taken or offered. Revoke an invitation, remove a member, or choose"
            " a larger plan.",
            extensions={"seats": limit},
        )


def limited_by(limit: Limit) -> None:
    """Ask `limit` for the current tenant's number of seats from now on; None from it means no limit."""
    _limits[:] = [limit]


def refuse_beyond() -> None:
    """Raise NoSeatLeft where the current tenant's members and open invitations fill its seats."""
    limit = _limits[0]() if _limits else None
    if limit is None:
        return
    offered = Invitation.objects.filter(
        accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now()
    )
    if Membership.objects.count() + offered.count() >= limit:
        raise NoSeatLeft(limit)
