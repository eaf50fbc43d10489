"""Ending sessions: at once, for every access token and every open stream they have."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from miosa.pg.platform import platform
from tenants import audit
from tenants.models import RefreshToken, Session
from tenants.sessions.living import living
from tenants.sessions.person_lock import hold_person

KEPT = timedelta(days=30)  # after its end a session is forgotten, and a used refresh token after its use


def end(session: Session, *, because: Session.Revoked, actor: str) -> bool:
    """End a session of the current tenant; False where it was over already, which keeps the first reason."""
    now = timezone.now()
    ended = living().filter(pk=session.pk).update(revoked_at=now, revoked_because=because)
    if ended:
        _record(session, because, actor)
    return bool(ended)


def end_here(user_id: UUID, *, because: Session.Revoked, actor: str) -> int:
    """End a person's sessions in the current tenant, which they leave; return how many."""
    return sum(end(row, because=because, actor=actor) for row in living().filter(user_id=user_id))


def end_all(user_id: UUID, *, because: Session.Revoked, actor: str) -> int:
    """End a person's sessions in all tenants, on the platform, in the caller's transaction there; return how many.

    Call it after the change it is for (a new password, a deactivation), in one transaction with it.
    """
    with platform(), transaction.atomic(using="platform"):
        hold_person(user_id, alone=True, using="platform")
        rows = list(living().filter(user_id=user_id).order_by("tenant_id", "pk"))
        living().filter(pk__in=[row.pk for row in rows]).update(
            revoked_at=timezone.now(), revoked_because=because
        )
        for row in rows:
            _record(row, because, actor)
    return len(rows)


def forget_ended() -> int:
    """Delete sessions that ended over a month ago, and refresh tokens used so long ago; return how many sessions.

    Of the current tenant; of all tenants on the platform.
    """
    before = timezone.now() - KEPT
    RefreshToken.objects.filter(used_at__lt=before).delete()
    gone = Session.objects.filter(expires_at__lt=before) | Session.objects.filter(revoked_at__lt=before)
    return gone.delete()[1].get(Session._meta.label, 0)


def _record(session: Session, because: str, actor: str) -> None:
    audit.record(
        "session.ended",
        actor=actor,
        object_type="session",
        object_id=session.pk,
        before={"user_id": str(session.user_id), "expires_at": session.expires_at},
        after={"because": because},
        tenant_id=session.tenant_id,
    )
