"""What somebody who once asked for something may do at this moment: for work that begins long after it was asked for."""

from uuid import UUID

from django.utils import timezone

from tenants.delegation import effective
from tenants.key_lineage import lineage_of
from tenants.models import Membership
from tenants.principal import key_named
from tenants.scopes import SCOPES_OF_ROLE

USER = "user:"
NOTHING: frozenset[str] = frozenset()


def scopes_of(name: str) -> frozenset[str]:
    """Return the scopes that a caller of the current tenant, `user:<id>` or `key:<id>`, has now; none for anybody else."""
    if key_id := key_named(name):
        limits = effective(lineage_of(key_id), now=timezone.now())
        return limits.scopes if limits else NOTHING
    if not name.startswith(USER):
        return NOTHING
    seat = Membership.objects.filter(user_id=UUID(name.removeprefix(USER)), user__is_active=True).first()
    return SCOPES_OF_ROLE[seat.role] if seat else NOTHING
