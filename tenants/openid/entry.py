"""Where a confirmed account leads: into a tenant, into the admin, or to the seat of an invitation."""

from django.db import transaction
from django_tenants.utils import tenant_context

from tenants import invitations, sessions
from tenants.acceptance import Seated, accept_as_proven
from tenants.models import Membership, User
from tenants.openid import identities
from tenants.openid.identities import Found, Stranger
from tenants.openid.provider import Account
from tenants.registry import person_by_identity, tenant_by_slug
from tenants.sessions import Grant, RequestFacts


def enter_tenant(account: Account, *, slug: str, request_facts: RequestFacts) -> Grant:
    """Open a session of the account's person in a tenant. Raises Stranger: no member, whatever the reason."""
    found, tenant = identities.find(account), tenant_by_slug(slug)
    if tenant is None or not tenant.active:
        raise Stranger
    with tenant_context(tenant), transaction.atomic():
        if not Membership.objects.filter(user=found.person).exists():
            raise Stranger
        grant = sessions.open_session(found.person, request_facts=request_facts)
        identities.settle(found, account)
    return grant


def enter_admin(account: Account) -> User:
    """Return the member of staff whose account it is, on the platform. Raises Stranger."""
    found = identities.find(account)
    if not found.person.is_staff:
        raise Stranger
    with transaction.atomic(using="platform"):
        identities.settle(found, account)
    return found.person


def take_seat(account: Account, *, token: str) -> Seated:
    """Accept an invitation to the account's verified address; a new person is made for it.

    Raises:
        invitations.Void: the link is not good, or no more.
        Stranger: the invitation is for another address, or the account belongs to somebody else.
    """
    with invitations.opened(token) as (tenant, row):
        owner = person_by_identity(account.issuer, account.subject)
        if account.email != row.email or (owner is not None and owner.email != row.email):
            raise Stranger
        seated = accept_as_proven(tenant, row, name=account.name)
        identities.settle(Found(seated.person, linked=owner is not None), account)
    return seated
