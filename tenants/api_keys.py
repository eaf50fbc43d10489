"""API keys: made, shown once, resolved, narrowed, rotated and revoked; the only writer of ApiKey."""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from miosa.http.problem import Conflict, Forbidden, Unauthenticated
from tenants import audit
from tenants.delegation import MOST_LINKS, Limits, effective
from tenants.key_lineage import lineage_by_digest, lineage_of
from tenants.models import ApiKey
from tenants.owned import current_tenant_id
from tenants.principal import KeyRate, Principal
from tenants.secrets import keyed_hash

# The key names its tenant, so that it can be looked up behind the tenant's own wall.
KEY_FORM = re.compile(r"^miosa_([0-9a-f]{32})_([A-Za-z0-9_-]{43})$")
MENTION_USE_EVERY = timedelta(minutes=1)
LONGEST_GRACE_S = 24 * 3600
LIMITS = ("scopes", "expires_at", "rate_per_minute", "budget_micros")


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
    rate_per_minute: int | None = None,
    budget_micros: int | None = None,
) -> tuple[ApiKey, str]:
    """Store a key of the current tenant and return it with its only plain copy.

    A bound that is not given is the creator's own. Without a creator the key hangs on `created_by_id`, a
    member whose role bounds it, or on nobody: then it is the platform's.

    Raises:
        Forbidden: the key would reach beyond its creator, or stand too deep below others.
    """
    wanted = Limits(frozenset(scopes), expires_at, rate_per_minute, budget_micros)
    if creator:
        wanted = _within(creator, wanted)
        if len(creator.lineage) >= MOST_LINKS:
            raise Forbidden(f"Keys made by keys go {MOST_LINKS} deep; make this one with a key further up.")
    prefix, plain = _secret()
    with transaction.atomic():
        row: ApiKey = ApiKey.objects.create(
            name=name,
            prefix=prefix,
            digest=keyed_hash("api-key", plain),
            parent_id=creator.key_id if creator else None,
            created_by_id=creator.user_id if creator else created_by_id,
            **_columns(wanted),
        )
        _tell("created", row, by=creator, after=_facts(row))
    return row, plain


def resolve(key: str) -> Principal:
    """Return the principal of a valid key; the caller has entered the tenant the key names.

    Raises:
        Unauthenticated: unknown, revoked or expired, itself or what it descends from; which of them is not told.
    """
    now = timezone.now()
    lineage, last_used_at = lineage_by_digest(keyed_hash("api-key", key), now=now)
    limits = effective(lineage, now=now)
    if limits is None:
        raise Unauthenticated("The API key is unknown, revoked or expired.")
    if last_used_at is None or last_used_at < now - MENTION_USE_EVERY:
        unmentioned = Q(last_used_at=None) | Q(last_used_at__lt=now - MENTION_USE_EVERY)
        ApiKey.objects.filter(unmentioned, pk=lineage[0].key_id).update(last_used_at=now)
    return Principal(
        tenant_id=tenant_of(key),
        scopes=limits.scopes,
        user_id=lineage[0].created_by_id,
        key_id=lineage[0].key_id,
        rate_per_minute=limits.rate_per_minute,
        budget_micros=limits.budget_micros,
        expires_at=limits.expires_at,
        lineage=tuple(KeyRate(link.key_id, link.rate_per_minute) for link in lineage),
    )


def narrow(key: ApiKey, changes: Mapping[str, Any], *, by: Principal) -> ApiKey:
    """Rename a key or draw its limits closer: never beyond what they are, nor beyond the caller's own.

    `changes`: any of `name`, `scopes`, `expires_at`, `rate_per_minute`, `budget_micros`.

    Raises:
        Forbidden: a limit would become wider. Conflict: the key is revoked.
    """
    with transaction.atomic():
        row = _living(key)
        before = _facts(row)
        held = Limits(frozenset(row.scopes), row.expires_at, row.rate_per_minute, row.budget_micros)
        named: dict[str, Any] = {name: changes[name] for name in LIMITS if name in changes}
        wanted = replace(held, **named)
        if wider := wanted.beyond(held):
            raise Forbidden(f"A key can only be narrowed ({wider}).")
        # Only what is named is the caller's doing: a key that reached further than the caller may still be renamed.
        _within(by, replace(Limits(frozenset()), **named))
        for name, value in _columns(wanted).items():
            setattr(row, name, value)
        row.name = changes.get("name", row.name)
        row.save(update_fields=["name", *LIMITS])
        _tell("changed", row, by=by, before=before, after=_facts(row))
    return row


def rotate(key: ApiKey, *, by: Principal, grace_s: int = 0) -> tuple[ApiKey, str]:
    """Give a key a new secret; the old one works for `grace_s` seconds more (at most a day). Returns the plain copy.

    Whoever rotates a key holds it afterwards. So only those it descends from may: the person it hangs on, itself,
    and the keys above it.

    Raises:
        Forbidden: the caller is none of these, or may less than the key. Conflict: the key is revoked or has ended.
    """
    if not 0 <= grace_s <= LONGEST_GRACE_S:
        raise ValueError(f"A grace is from 0 to {LONGEST_GRACE_S} seconds.")
    with transaction.atomic():
        row = _living(key)
        lineage = lineage_of(row.pk)
        limits = effective(lineage, now=timezone.now())
        if limits is None:
            raise Conflict("This key has ended; make a new one instead.")
        above = {link.key_id for link in lineage} if by.key_id else {row.created_by_id}
        if (by.key_id or by.user_id) not in above:
            raise Forbidden("Only who made a key can rotate it. Make a new one instead, and revoke this one.")
        if wider := limits.beyond(_limits_of(by)):
            raise Forbidden(f"This key reaches beyond the credential that would rotate it ({wider}).")
        row.former_digest = row.digest if grace_s else None
        row.former_until = timezone.now() + timedelta(seconds=grace_s) if grace_s else None
        row.prefix, plain = _secret()
        row.digest = keyed_hash("api-key", plain)
        row.save(update_fields=["prefix", "digest", "former_digest", "former_until"])
        _tell("rotated", row, by=by, after={"former_until": row.former_until, "name": row.name})
    return row, plain


def revoke(key: ApiKey) -> None:
    """End a key and all that descend from it at once; revoking twice keeps the first time."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            key.refresh_from_db()
            _tell("revoked", key, before={"revoked_at": None}, after=_facts(key))
    key.refresh_from_db()


def _within(creator: Principal, wanted: Limits) -> Limits:
    """Return the wanted limits with the creator's where none are named; raises Forbidden beyond them."""
    own = _limits_of(creator)
    filled = Limits(
        wanted.scopes,
        wanted.expires_at if wanted.expires_at is not None else own.expires_at,
        wanted.rate_per_minute if wanted.rate_per_minute is not None else own.rate_per_minute,
        wanted.budget_micros if wanted.budget_micros is not None else own.budget_micros,
    )
    if wider := filled.beyond(own):
        raise Forbidden(f"A key cannot reach beyond its maker ({wider}).")
    return filled


def _limits_of(principal: Principal) -> Limits:
    return Limits(principal.scopes, principal.expires_at, principal.rate_per_minute, principal.budget_micros)


def _living(key: ApiKey) -> ApiKey:
    row: ApiKey = ApiKey.objects.select_for_update().get(pk=key.pk)
    if row.revoked_at:
        raise Conflict("This key is revoked, and stays so.")
    return row


def _secret() -> tuple[str, str]:
    """Return the visible beginning of a new key of the current tenant, and the key."""
    tenant_id = current_tenant_id()
    if tenant_id is None:
        raise RuntimeError("An API key is made inside a tenant.")
    plain = f"miosa_{tenant_id.hex}_{secrets.token_urlsafe(32)}"
    return plain[:44], plain


def _columns(limits: Limits) -> dict[str, Any]:
    return {name: getattr(limits, name) for name in LIMITS} | {"scopes": sorted(limits.scopes)}


def _facts(row: ApiKey) -> dict[str, Any]:
    """Return what the audit log tells of a key: never the key."""
    return {name: getattr(row, name) for name in ("name", *LIMITS, "parent_id", "revoked_at")}


def _tell(what: str, row: ApiKey, *, by: Principal | None = None, before: Any = None, after: Any) -> None:
    audit.record(
        f"api_key.{what}",
        actor=by.name if by else audit.current_actor(),
        object_type="api_key",
        object_id=row.pk,
        before=before,
        after=after,
    )
