"""Opening a tenant: the registry row and its owner in one transaction, as the platform."""

from dataclasses import dataclass

from django.db import transaction
from django_tenants.utils import tenant_context

from miosa.pg.platform import platform
from tenants import audit
from tenants.models import Domain, Membership, Role, Tenant, User


@dataclass(frozen=True, slots=True)
class Opened:
    """A tenant with its owner; `new` tells whether this call made it."""

    tenant: Tenant
    owner: User
    new: bool


def open_tenant(
    slug: str, *, name: str, owner_email: str, password: str | None = None, domain: str = ""
) -> Opened:
    """Make the tenant and its owner, or find them: calling twice changes nothing.

    A password is set only for a person who has none yet.
    """
    with platform(), transaction.atomic(using="platform"):
        tenant, new = Tenant.objects.get_or_create(slug=slug, defaults={"name": name})
        owner = User.objects.filter(email=owner_email.lower()).first()
        if owner is None:
            owner = User.objects.create_user(owner_email, password)
        if domain:
            Domain.objects.get_or_create(domain=domain, defaults={"tenant": tenant, "is_primary": True})
        if new:
            facts = {"slug": slug, "name": name, "owner": owner_email.lower(), "domain": domain}
            audit.record_platform(
                "tenant.opened",
                actor=audit.current_actor(),
                object_type="tenant",
                object_id=tenant.pk,
                after=facts,
            )
    with platform(on=False), tenant_context(tenant), transaction.atomic():
        seat, joined = Membership.objects.get_or_create(user=owner, defaults={"role": Role.OWNER})
        if joined:
            audit.record(
                "member.added",
                actor=audit.current_actor(),
                object_type="member",
                object_id=seat.pk,
                after={"email": owner.email, "role": Role.OWNER, "slug": slug},
            )
    return Opened(tenant=tenant, owner=owner, new=new)
