"""Which sessions are alive, and what their person may do at this moment."""

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from tenants.models import Membership, Session
from tenants.owned import current_tenant_id
from tenants.principal import Principal
from tenants.scopes import SCOPES_OF_ROLE


def living() -> QuerySet[Session]:
    """Return the sessions that are neither over nor ended; of the current tenant, of all on the platform."""
    rows: QuerySet[Session] = Session.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
    return rows


def member(session_id: UUID, user_id: UUID) -> Principal | None:
    """Return who acts in a living session of the current tenant, None where session, person or membership is gone.

    One query. The scopes are those of the role as it is now, and of them only what the session was narrowed to. Who left
    the tenant and came back signs in anew: a membership revives no session from before it.
    """
    tenant_id = current_tenant_id()
    role = Membership.objects.filter(user_id=OuterRef("user_id"), created__lte=OuterRef("created"))
    found = (
        living()
        .filter(pk=session_id, user_id=user_id, user__is_active=True)
        .annotate(role=Subquery(role.values("role")[:1]))
        .values_list("role", "scopes")
        .first()
    )
    if tenant_id is None or found is None or found[0] is None:
        return None
    return Principal(tenant_id=tenant_id, scopes=narrowed(*found), user_id=user_id, session_id=session_id)


def narrowed(role: str, scopes: list[str] | None) -> frozenset[str]:
    """Return what a session may do: the scopes of the role, of them only those it was narrowed to."""
    whole = SCOPES_OF_ROLE[role]
    return whole if scopes is None else whole & frozenset(scopes)
