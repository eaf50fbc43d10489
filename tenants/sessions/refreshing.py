"""One refresh token for the next: each is good for one use, and one that comes back ends its session.

A token that was used already is in the hands of two. Which of them is the thief cannot be told, so both are out. For the
same reason there is no grace for a second use shortly after the first: within it a thief would win unseen. A client that
refreshes in parallel with one token signs itself out.
"""

import hmac
import re
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from tenants import audit
from tenants.models import RefreshToken, Session
from tenants.secrets import keyed_hash
from tenants.sessions.ending import end
from tenants.sessions.living import living, member
from tenants.sessions.opening import IDLE, LONGEST, PURPOSE, Grant, granted

FORM = re.compile(r"miosa_r_([0-9a-f]{32})_[A-Za-z0-9_-]{43}")


def tenant_of(refresh_token: str) -> UUID | None:
    """Return the tenant a refresh token claims to belong to; None where it has not the form of one."""
    match = FORM.fullmatch(refresh_token)
    return UUID(match[1]) if match else None


def refresh(refresh_token: str) -> Grant | None:
    """Trade a refresh token of the current tenant for the next one and an access token; None where it is good for nothing.

    Refusing is no exception here: what a token that came back has ended must be committed all the same.
    """
    digest = keyed_hash(PURPOSE, refresh_token)
    token = RefreshToken.objects.filter(digest=digest).first()
    if token is None or not hmac.compare_digest(bytes(token.digest), digest):
        return None
    now = timezone.now()
    # Everybody who comes with a token of this session waits here, and then sees what the one before did.
    session = living().select_for_update().filter(pk=token.session_id).first()
    if session is None or member(session.pk, session.user_id) is None:
        return None
    if not _use(token, now):
        _end_family(session)
        return None
    session.last_used_at, session.expires_at = now, min(now + IDLE, session.created + LONGEST)
    session.save(update_fields=["last_used_at", "expires_at"])
    return granted(session, now)


def _use(token: RefreshToken, now: datetime) -> bool:
    return RefreshToken.objects.filter(pk=token.pk, used_at=None).update(used_at=now) == 1


def _end_family(session: Session) -> None:
    actor = f"user:{session.user_id}"
    audit.record("session.reuse_detected", actor=actor, object_type="session", object_id=session.pk)
    end(session, because=Session.Revoked.REUSE, actor="system")
