"""Whose account at a provider is whose person here; the only writer of Identity.

Issuer and subject name an account for good. The first time, a person is found by the address the provider has verified;
nobody is ever made here.
"""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from miosa.http.problem import Unauthenticated
from miosa.pg.platform import on_platform, platform
from tenants import audit
from tenants.models import Identity, User
from tenants.openid.provider import Account
from tenants.registry import person_by_email, person_by_identity


class Stranger(Unauthenticated):
    """Nobody here signs in with this account; somebody has to invite them."""

    def __init__(self) -> None:
        super().__init__(
            "Nobody here signs in with this account: ask for an invitation to its verified address."
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A person, and whether their account is linked already."""

    person: User
    linked: bool


def find(account: Account) -> Found:
    """Return the active person of an account: by its identity, else by its verified address. Raises Stranger."""
    person = person_by_identity(account.issuer, account.subject)
    linked = person is not None
    if person is None and account.email:
        person = person_by_email(account.email)
    if person is None or not person.is_active:
        raise Stranger
    return Found(person, linked)


def settle(found: Found, account: Account) -> None:
    """Link a found person with their account where it is new, else note its use; call it once they are let in.

    Raises Stranger where the person has another account at this provider: the address there has a new owner.
    """
    if found.linked:
        with platform():  # the application's login changes no identity
            Identity.objects.filter(issuer=account.issuer, subject=account.subject).update(
                last_used_at=timezone.now()
            )
        return
    link(found.person, account)


def link(person: User, account: Account) -> None:
    """Give a person an account at a provider, for good. Raises Stranger as `settle`."""
    with platform():  # the wall hides identities of people outside the tenant
        if Identity.objects.filter(user=person, issuer=account.issuer).exists():
            raise Stranger
    alias = "platform" if on_platform() else "default"
    try:
        with transaction.atomic(using=alias):
            Identity.objects.create(
                user=person, issuer=account.issuer, subject=account.subject, last_used_at=timezone.now()
            )
    except IntegrityError:
        raise Stranger from None
    _record(person, account)


def _record(person: User, account: Account) -> None:
    facts: dict[str, Any] = {"issuer": account.issuer, "subject": account.subject, "email": person.email}
    record = audit.record_platform if on_platform() else audit.record
    record(
        "identity.linked",
        actor=f"staff:{person.pk}" if on_platform() else f"user:{person.pk}",
        object_type="user",
        object_id=person.pk,
        after=facts,
    )
