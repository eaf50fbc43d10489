"""Whom to let in, before any tenant is entered: look-ups that answer for one exact name, never with a list.

The application's login sees the registry and the people only through its tenant. These functions of the database
run as the owner and are the one way around that; each returns at most one row.
"""

from uuid import UUID

from tenants.models import Tenant, User


def tenant_by_id(tenant_id: UUID | str) -> Tenant | None:
    """Return the tenant, None where there is none."""
    return next(iter(Tenant.objects.raw("SELECT * FROM public.tenant_by_id(%s)", [str(tenant_id)])), None)


def tenant_by_slug(slug: str) -> Tenant | None:
    """Return the tenant, None where there is none."""
    return next(iter(Tenant.objects.raw("SELECT * FROM public.tenant_by_slug(%s)", [slug])), None)


def person_by_email(email: str) -> User | None:
    """Return the person with this e-mail address, in any case of letters."""
    return next(iter(User.objects.raw("SELECT * FROM public.person_by_email(%s)", [email.lower()])), None)


def person_by_identity(issuer: str, subject: str) -> User | None:
    """Return the person whom an OpenID provider's account belongs to."""
    query = "SELECT * FROM public.person_by_identity(%s, %s)"
    return next(iter(User.objects.raw(query, [issuer, subject])), None)
