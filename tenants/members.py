"""Who belongs to a tenant, and as what; beside provisioning the only writer of Membership.

One rule for all of it: nobody hands out, changes or takes away a role that may do more than they may themselves. And a
tenant keeps an owner. Both are judged under a lock, by what is true at that moment, not when the request began.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from miosa.http.problem import Conflict, Forbidden, NotFound
from tenants import audit, sessions
from tenants.models import Membership, Role, Session, User
from tenants.principal import Principal
from tenants.scopes import ALL, SCOPES_OF_ROLE
from tenants.sessions.person_lock import hold_person

WRITE = "members:write"


@dataclass(frozen=True, slots=True)
class Authority:
    """By whose right something is done. `member_id` is the person whose own role still has to allow it then."""

    name: str
    scopes: frozenset[str]
    member_id: UUID | None = None


def authority_of(principal: Principal) -> Authority:
    """Return the right of a caller: a key's is what it holds, a person's also ends with their role."""
    return Authority(
        name=principal.name,
        scopes=principal.scopes,
        member_id=None if principal.key_id else principal.user_id,
    )


def authority_of_staff(user_id: UUID | None) -> Authority:
    """Return the right of staff in the admin, where Django's permissions have been asked already."""
    return Authority(name=f"staff:{user_id}", scopes=ALL)


def covers(scopes: frozenset[str], role: str) -> bool:
    """Tell whether somebody with these scopes may deal with this role: it may do nothing that they may not."""
    return SCOPES_OF_ROLE[role] <= scopes


def refuse_above(scopes: frozenset[str], *roles: str) -> None:
    """Raise Forbidden, naming the first role that may do more than `scopes`."""
    for role in roles:
        if not covers(scopes, role):
            raise Forbidden(f"The role {role} may do more than you may: ask somebody who may do as much.")


def admit(user: User, *, role: str, actor: str) -> Membership:
    """Make a person a member of the current tenant; who is one already stays what they are.

    Whoever calls has judged that `role` may be given.
    """
    with transaction.atomic():
        row: Membership
        row, new = Membership.objects.get_or_create(user=user, defaults={"role": role})
        if new:
            facts = {"email": user.email, "role": role}
            audit.record("member.added", actor=actor, object_type="member", object_id=row.pk, after=facts)
    return row


def change_role(member_id: UUID, *, to: str, by: Authority) -> Membership:
    """Give a member of the current tenant another role.

    Raises:
        NotFound: there is no such member.
        Forbidden: the present or the new role may do more than `by`.
        Conflict: it would leave the tenant without an owner.
    """
    with transaction.atomic():
        row = _judged(member_id, to=to, by=by)
        before = row.role
        if before != to:
            row.role = to
            row.save(update_fields=["role"])
            audit.record(
                "member.role_changed",
                actor=by.name,
                object_type="member",
                object_id=row.pk,
                before={"role": before},
                after={"role": to},
            )
    return row


def remove(member_id: UUID, *, by: Authority) -> None:
    """End a membership of the current tenant; tokens and sessions of it end in the same moment.

    Raises:
        NotFound, Forbidden, Conflict: as `change_role`.
    """
    with transaction.atomic():
        row = _judged(member_id, to="", by=by)
        hold_person(row.user_id, alone=True)  # nobody is signing in as them just now
        email = User.objects.filter(pk=row.user_id).values_list("email", flat=True).first()
        row.delete()
        sessions.end_here(row.user_id, because=Session.Revoked.ADMINISTRATOR, actor=by.name)
        facts = {"email": email, "role": row.role}
        audit.record("member.removed", actor=by.name, object_type="member", object_id=member_id, before=facts)


def _judged(member_id: UUID, *, to: str, by: Authority) -> Membership:
    """Return the member, locked together with every owner and with who asks, when the change is allowed."""
    concerned = Q(pk=member_id) | Q(role=Role.OWNER)
    if by.member_id:
        concerned |= Q(user_id=by.member_id)
    rows = list(Membership.objects.select_for_update().filter(concerned).order_by("pk"))
    row: Membership | None = next((one for one in rows if one.pk == member_id), None)
    if row is None:
        raise NotFound("There is no such member.")
    refuse_above(_scopes_now(by, rows), row.role, *([to] if to else []))
    owners = [one for one in rows if one.role == Role.OWNER]
    if to != Role.OWNER and owners == [row]:
        raise Conflict("A tenant keeps an owner: make somebody else the owner first.")
    return row


def _scopes_now(by: Authority, rows: list[Membership]) -> frozenset[str]:
    """Return what `by` may do at this moment: a role that was just taken away gives nothing any more."""
    if by.member_id is None:
        return by.scopes
    role = next((one.role for one in rows if one.user_id == by.member_id), None)
    scopes = by.scopes & SCOPES_OF_ROLE[role] if role else frozenset()
    if WRITE not in scopes:
        raise Forbidden(f"This credential lacks the scope {WRITE}.")
    return scopes
