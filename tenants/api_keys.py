"""API keys: made, shown once, resolved and revoked; the only writer of ApiKey."""

import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from miosa.http.problem import Forbidden, Unauthenticated
from tenants.models import ApiKey
from tenants.owned import current_tenant_id
from tenants.principal import Principal
from tenants.secrets import keyed_hash

# The key names its tenant, so that it can be looked up behind the tenant's own wall.
KEY_FORM = re.compile(r"^miosa_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$")
MENTION_USE_EVERY = timedelta(minutes=1)


def is_key(credential: str) -> bool:
    """Tell an API key from a token by its form."""
    return credential.startswith("miosa_")


def tenant_of(key: str) -> UUID:
    """Return the tenant a key claims to belong to; raises Unauthenticated."""
    if not (match := KEY_FORM.match(key)):
        raise Unauthenticated(
            "The API key is not valid. Keys begin with miosa_ and are shown once, when made."
        )
    return UUID(match[1])


def make(
    name: str,
    *,
    scopes: Iterable[str],
    creator: Principal | None = None,
    created_by_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Store a key of the current tenant and return it with its only plain copy.

    Raises:
        Forbidden: the key would hold a scope its creator does not.
    """
    wanted = frozenset(scopes)
    if creator and (excess := wanted - creator.scopes):
        raise Forbidden(f"A key cannot hold scopes its maker lacks: {', '.join(sorted(excess))}.")
    tenant_id = current_tenant_id()
    if tenant_id is None:
        raise RuntimeError("An API key is made inside a tenant.")
    plain = f"miosa_{tenant_id.hex}_{secrets.token_urlsafe(32)}"
    row = ApiKey.objects.create(
        name=name,
        prefix=plain[:44],
        digest=keyed_hash("api-key", plain),
        scopes=sorted(wanted),
        created_by_id=created_by_id or (creator.user_id if creator else None),
        expires_at=expires_at,
    )
    return row, plain


def resolve(key: str) -> Principal:
    """Return the principal of a valid key; the caller has entered the tenant the key names.

    Raises:
        Unauthenticated: unknown, revoked or expired, without telling which.
    """
    digest = keyed_hash("api-key", key)
    now = timezone.now()
    row = ApiKey.objects.filter(digest=digest).first()
    dead = row is None or row.revoked_at or (row.expires_at and row.expires_at <= now)
    if row is None or dead or not hmac.compare_digest(bytes(row.digest), digest):
        raise Unauthenticated("The API key is unknown, revoked or expired.")
    unmentioned = Q(last_used_at=None) | Q(last_used_at__lt=now - MENTION_USE_EVERY)
    if row.last_used_at is None or row.last_used_at < now - MENTION_USE_EVERY:
        ApiKey.objects.filter(unmentioned, pk=row.pk).update(last_used_at=now)
    return Principal(
        tenant_id=row.tenant_id, scopes=frozenset(row.scopes), user_id=row.created_by_id, key_id=row.pk
    )


def revoke(key: ApiKey) -> None:
    """End a key at once; revoking twice keeps the first time."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
    key.refresh_from_db()
