"""Accepting an invitation: new people choose a password, known people prove who they are with theirs.

The link alone never opens an account that is there already: whoever made the invitation has seen it too. A known
person without a password gets one here only while nothing hangs on the account: no seat, no identity, no right as staff.
"""

from dataclasses import dataclass

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from miosa.http.problem import Conflict, Forbidden, Unauthenticated, Unprocessable, invalid
from miosa.pg.platform import platform
from tenants import invitations
from tenants.models import Identity, Invitation, Membership, Role, Tenant, User
from tenants.registry import person_by_email
from tenants.throttling import refuse_guessing

DOOR = "invitations"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the holder of a link is told before they accept. `known`: they have to prove who they are."""

    email: str
    role: str
    tenant: Tenant
    known: bool


@dataclass(frozen=True, slots=True)
class Seated:
    """An accepted invitation."""

    person: User
    role: str
    tenant: Tenant


def look(token: str) -> Seen:
    """Return what an open invitation offers. Raises invitations.Void, and RateLimited."""
    refuse_guessing(DOOR)
    with invitations.opened(token) as (tenant, row):
        person = person_by_email(row.email)
        known = person is not None and not _is_blank(person)
        return Seen(email=row.email, role=Role(row.role).label, tenant=tenant, known=known)


def accept_with_password(token: str, *, password: str, name: str = "") -> Seated:
    """Seat the invited person.

    Raises:
        invitations.Void: the link is not good, or no more.
        Unauthenticated: the person is known, and this is not their password.
        Forbidden: the person is known and may not sign in, or only at the provider.
        Unprocessable: a new password that is too easy to guess.
        RateLimited: too many tries.
    """
    refuse_guessing(DOOR)
    with invitations.opened(token) as (tenant, row):
        person = _person_with_password(row, password=password, name=name)
        seat = invitations.take(row, person)
        return Seated(person=person, role=seat.role, tenant=tenant)


def accept_as_proven(tenant: Tenant, row: Invitation, *, name: str = "") -> Seated:
    """Seat the person whose address a provider vouches for; the caller holds the row from `invitations.opened`.

    Raises:
        Forbidden: the person is known and may not sign in.
    """
    person = person_by_email(row.email)
    if person is None:
        person = _new_person(row.email, password=None, name=name)
    elif not person.is_active:
        raise Forbidden("This person may not sign in.")
    seat = invitations.take(row, person)
    return Seated(person=person, role=seat.role, tenant=tenant)


def _person_with_password(row: Invitation, *, password: str, name: str) -> User:
    person = person_by_email(row.email)
    if person is None:
        _refuse_weak(password, User(email=row.email, name=name))
        return _new_person(row.email, password=password, name=name)
    if not person.is_active:
        raise Forbidden("This person may not sign in.")
    if person.has_usable_password():
        refuse_guessing(DOOR, email=row.email)
        if not check_password(password, person.password):
            raise Unauthenticated("This address is known already: give the password you sign in with.")
        return person
    if not _is_blank(person):
        raise Forbidden(
            "This person signs in at the provider: accept the invitation there, on the page of the link."
        )
    _refuse_weak(password, person)
    return _with_first_password(person, password)


def _new_person(email: str, *, password: str | None, name: str) -> User:
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name.strip())
    except IntegrityError:
        raise Conflict("Somebody with this address came in at the same moment: try again.") from None


def _refuse_weak(password: str, person: User) -> None:
    try:
        validate_password(password, user=person)
    except ValidationError as flaw:
        errors = [invalid(message, "password") for message in flaw.messages]
        raise Unprocessable("Choose another password.", errors=errors) from None


def _is_blank(person: User) -> bool:
    """Tell whether a known person is but a name: no password, no seat, no identity, not staff, and active."""
    with platform():
        return _blank_rows(person).exists()


def _with_first_password(person: User, password: str) -> User:
    """Give a person who is but a name a password; the platform's login does it, in one conditional statement."""
    person.set_password(password)
    with platform():
        if not _blank_rows(person).update(password=person.password):
            raise Conflict("This account was changed at the same moment: try again.")
    return person


def _blank_rows(person: User) -> QuerySet[User]:
    seats = Membership._base_manager.filter(user_id=OuterRef("pk"))
    identities = Identity.objects.filter(user_id=OuterRef("pk"))
    return User.objects.filter(
        ~Exists(seats),
        ~Exists(identities),
        pk=person.pk,
        is_active=True,
        is_staff=False,
        is_superuser=False,
        password__startswith="!",  # noqa: S106  Django's mark of a password that fits nothing
    )
