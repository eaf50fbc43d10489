"""Signing somebody in: a session, its first refresh token and its first access token."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from miosa.http.client_address import client_address
from miosa.http.problem import Forbidden, Unauthenticated
from tenants import audit, tokens
from tenants.models import Membership, RefreshToken, Session, User
from tenants.scopes import SCOPES_OF_ROLE
from tenants.secrets import keyed_hash
from tenants.sessions.person_lock import hold_person

IDLE = timedelta(days=30)  # without a refresh
LONGEST = timedelta(days=90)  # however often it is refreshed
PURPOSE = "refresh-token"
MOST_OF_A_USER_AGENT = 200


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """Where somebody signs in from, as far as the request tells."""

    user_agent: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody who has signed in is handed, this once."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: int
    session_id: UUID


def facts_of(request: Any) -> RequestFacts:
    """Return the facts of a request (Django's or REST framework's)."""
    return RequestFacts(
        user_agent=request.headers.get("User-Agent", "")[:MOST_OF_A_USER_AGENT].replace("\0", ""),
        address=client_address(request),
    )


def open_session(
    user: User, *, scopes: Iterable[str] | None = None, request_facts: RequestFacts | None = None
) -> Grant:
    """Open a session of a member of the current tenant, who has shown who they are.

    `scopes` narrow what the session may do; None leaves it all the scopes of the role, as it changes.

    Raises:
        Unauthenticated: no member, not active, or the password was changed since `user` was read.
        Forbidden: a scope that the role does not have.
    """
    hold_person(user.pk)
    role = (
        Membership.objects.filter(user_id=user.pk, user__is_active=True, user__password=user.password)
        .values_list("role", flat=True)
        .first()
    )
    if role is None:
        raise Unauthenticated("This person is no active member of this tenant.")
    wanted = None if scopes is None else frozenset(scopes)
    if wanted is not None and (excess := wanted - SCOPES_OF_ROLE[role]):
        raise Forbidden(f"Your role does not have the scopes {', '.join(sorted(excess))}; ask for fewer.")
    facts, now = request_facts or RequestFacts(), timezone.now()
    session: Session = Session.objects.create(
        user_id=user.pk,
        scopes=None if wanted is None else sorted(wanted),
        user_agent=facts.user_agent,
        address=facts.address or None,
        last_used_at=now,
        expires_at=now + IDLE,
    )
    grant = granted(session, now)
    audit.record(
        "session.opened",
        actor=f"user:{user.pk}",
        object_type="session",
        object_id=session.pk,
        after={"scopes": session.scopes, "user_agent": session.user_agent},
    )
    return grant


def granted(session: Session, now: datetime) -> Grant:
    """Return new tokens for a living session; the caller has checked that it is one."""
    tenant_id = cast("UUID", session.tenant_id)
    refresh_token = f"miosa_r_{tenant_id.hex}_{secrets.token_urlsafe(32)}"
    RefreshToken.objects.create(session=session, digest=keyed_hash(PURPOSE, refresh_token))
    left_s = int((session.expires_at - now).total_seconds())
    lifetime_s = max(1, min(settings.ENVIRONMENT.token_lifetime_s, left_s))
    claims = tokens.Claims(user_id=session.user_id, tenant_id=tenant_id, session_id=session.pk)
    return Grant(
        access_token=tokens.issue(claims, lifetime_s=lifetime_s),
        refresh_token=refresh_token,
        expires_in_s=lifetime_s,
        session_id=session.pk,
    )
