"""Seats offered by a signed link: made, shown once, revoked, accepted; the only writer of Invitation.

A link is good once, for seven days, for one address. It carries no right of its own: at the moment it is accepted
whoever made it must still be allowed to give that role, otherwise it is void. What proves that somebody may have the
seat, a password or an account at a provider, is the business of `acceptance`.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django_tenants.utils import tenant_context

from miosa.http.problem import Conflict, NotFound
from miosa.pg.platform import platform
from tenants import audit, members, seats
from tenants.delegation import effective
from tenants.invitation_letter import send_on_commit
from tenants.key_lineage import lineage_of
from tenants.members import Authority, covers, refuse_above
from tenants.models import Invitation, Membership, Tenant, User
from tenants.owned import current_tenant_id
from tenants.principal import Principal
from tenants.registry import tenant_by_id
from tenants.scopes import ALL, SCOPES_OF_ROLE
from tenants.secrets import keyed_hash

# The token names its tenant, so that it can be looked up behind the tenant's own wall.
FORM = re.compile(r"miosa_i_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
LIFETIME = timedelta(days=7)
WRITE = "invitations:write"


class Void(NotFound):
    """An invitation that is unknown, used, revoked or expired: ask for a new one."""

    title = "No such invitation"

    def __init__(self) -> None:
        super().__init__("This invitation is unknown, used, revoked or expired: ask for a new one.")


def invite(
    email: str, *, role: str, by: Authority, invited_by_id: UUID | None, made_with: UUID | None = None
) -> tuple[Invitation, str]:
    """Offer a seat in the current tenant; return the invitation and the only plain copy of its token.

    Raises:
        Forbidden: the role may do more than `by`.
        Conflict: the address belongs to a member, or has an open invitation.
        NoSeatLeft: the plan's seats are taken or offered.
    """
    refuse_above(by.scopes, role)
    address, now = email.strip().lower(), timezone.now()
    tenant = _current_tenant()
    plain = f"miosa_i_{tenant.pk.hex}_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        _refuse_seated(address)
        seats.refuse_beyond()
        row: Invitation = Invitation.objects.create(
            email=address,
            role=role,
            digest=keyed_hash("invitation", plain),
            invited_by_id=invited_by_id,
            made_with=made_with,
            expires_at=now + LIFETIME,
        )
        audit.record(
            "invitation.created",
            actor=by.name,
            object_type="invitation",
            object_id=row.pk,
            after={"email": address, "role": role, "expires_at": row.expires_at},
        )
    send_on_commit(row, plain, tenant=tenant, who=_name_of(invited_by_id))
    return row, plain


def invite_as(principal: Principal, email: str, *, role: str) -> tuple[Invitation, str]:
    """Offer a seat by the right of a caller of the API; as `invite`."""
    by = members.authority_of(principal)
    return invite(email, role=role, by=by, invited_by_id=principal.user_id, made_with=principal.key_id)


def revoke(invitation_id: UUID, *, by: Authority) -> None:
    """Take an offer back at once; one that is accepted or revoked already stays as it is.

    Raises:
        NotFound: there is no such invitation.
        Forbidden: its role may do more than `by`.
    """
    with transaction.atomic():
        row = Invitation.objects.select_for_update().filter(pk=invitation_id).first()
        if row is None:
            raise NotFound("There is no such invitation.")
        refuse_above(by.scopes, row.role)
        if row.accepted_at or row.revoked_at:
            return
        _end(row, by=by.name)


@contextmanager
def opened(token: str) -> Iterator[tuple[Tenant, Invitation]]:
    """Enter the tenant a token names, in a transaction, and yield it with the open invitation, locked.

    Raises:
        Void: there is none, it is over, or who made it may not give that role any more; which of them is not told.
    """
    found = FORM.fullmatch(token)
    tenant = tenant_by_id(UUID(found[1])) if found else None
    if tenant is None or not tenant.active:
        raise Void
    with tenant_context(tenant), transaction.atomic():
        digest = keyed_hash("invitation", token)
        row = Invitation.objects.select_for_update().filter(digest=digest).first()
        if row is None or row.state != "open" or not covers(_right_behind(row), row.role):
            raise Void
        yield tenant, row


def take(row: Invitation, person: User) -> Membership:
    """Seat the person whose address it is; the caller holds the row from `opened` and has their proof."""
    if person.email != row.email:
        raise Void
    row.accepted_at = timezone.now()
    row.save(update_fields=["accepted_at"])
    actor = f"user:{person.pk}"
    seat = members.admit(person, role=row.role, actor=actor)
    facts = {"email": row.email, "role": seat.role}
    audit.record("invitation.accepted", actor=actor, object_type="invitation", object_id=row.pk, after=facts)
    return seat


def _right_behind(row: Invitation) -> frozenset[str]:
    """Return what whoever made the invitation may do by now; nothing once they may not invite."""
    scopes = _scopes_of_key(row.made_with) if row.made_with else _scopes_of_person(row.invited_by_id)
    return scopes if WRITE in scopes else frozenset()


def _scopes_of_key(key_id: UUID) -> frozenset[str]:
    limits = effective(lineage_of(key_id), now=timezone.now())
    return limits.scopes if limits else frozenset()


def _scopes_of_person(user_id: UUID | None) -> frozenset[str]:
    if user_id is None:
        return frozenset()
    seat = Membership.objects.filter(user_id=user_id, user__is_active=True).first()
    if seat:
        return SCOPES_OF_ROLE[seat.role]
    with platform():  # staff, who invite in the admin, are members of no tenant
        staff = User.objects.filter(pk=user_id, is_active=True, is_staff=True).first()
        return ALL if staff and staff.has_perm("tenants.add_invitation") else frozenset()


def _refuse_seated(address: str) -> None:
    """Raise Conflict for a member's address and for one with an open invitation; clear an expired one away."""
    if Membership.objects.filter(user__email=address).exists():
        raise Conflict("This address belongs to a member already.")
    standing = Invitation.objects.select_for_update().filter(email=address, accepted_at=None, revoked_at=None)
    for row in standing:
        if row.state == "open":
            raise Conflict("This address has an open invitation: revoke it before you make another.")
        _end(row, by="system")


def _end(row: Invitation, *, by: str) -> None:
    row.revoked_at = timezone.now()
    row.save(update_fields=["revoked_at"])
    facts = {"email": row.email, "role": row.role}
    audit.record("invitation.revoked", actor=by, object_type="invitation", object_id=row.pk, before=facts)


def _name_of(user_id: UUID | None) -> str:
    person = User.objects.filter(pk=user_id).first() if user_id else None
    return (person.name or person.email) if person else ""


def _current_tenant() -> Tenant:
    tenant_id = current_tenant_id()
    tenant = tenant_by_id(tenant_id) if tenant_id else None
    if tenant is None:
        raise RuntimeError("An invitation is made inside a tenant.")
    return tenant
