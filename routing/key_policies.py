"""What each key may ask of the gateway and what is kept of it; the only writer of KeyPolicy."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from miosa.http.problem import NotFound, Unprocessable, invalid
from routing.catalog_file import catalog
from routing.models import KeyPolicy
from tenants import audit
from tenants.models import ApiKey

FIELDS = (
    "allowed_models", "most_input_tokens", "most_output_tokens", "tokens_per_minute", "daily_micros", "tenant_daily_micros", "cache", "cache_ttl_s",
    "cache_threshold", "keeps_bodies", "keep_days", "redacts",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rules:
    """A policy as a value. None and an empty set: no bound."""

    allowed_models: frozenset[str] = frozenset()
    most_input_tokens: int | None = None
    most_output_tokens: int | None = None
    tokens_per_minute: int | None = None
    daily_micros: int | None = None
    tenant_daily_micros: int | None = None
    cache: str = KeyPolicy.Cache.OFF
    cache_ttl_s: int = 3_600
    cache_threshold: float = 0.97
    keeps_bodies: bool = False
    keep_days: int = 30
    redacts: bool = True


NO_RULES = Rules()


def rules_of(key_id: UUID | None) -> Rules:
    """Return what holds for a key of the current tenant: its own policy, else the tenant's, else the product's."""
    rows = {row.key_id: row for row in KeyPolicy.objects.all() if row.key_id in {key_id, None}}
    row = rows.get(key_id) or rows.get(None)
    if row is None:
        return NO_RULES
    values = {name: getattr(row, name) for name in FIELDS}
    everybodys = rows.get(None)
    whole = everybodys.tenant_daily_micros if everybodys else None
    return Rules(**{**values, "allowed_models": frozenset(row.allowed_models), "tenant_daily_micros": whole})


def in_force(key_id: UUID | None) -> KeyPolicy:
    """Return the row that holds for a key, or for all without one; an unsaved one where nobody stored any.

    Raises NotFound: there is no such key.
    """
    if key_id is not None and not ApiKey.objects.filter(pk=key_id).exists():
        raise NotFound("There is no such API key.")
    rows = {row.key_id: row for row in KeyPolicy.objects.all() if row.key_id in {key_id, None}}
    return rows.get(key_id) or rows.get(None) or KeyPolicy()


def put(key_id: UUID | None, **fields: Any) -> KeyPolicy:
    """Store the policy of a key, or of all keys without one; audited.

    Raises:
        NotFound: there is no such key.
        Unprocessable: a model is not known.
    """
    if key_id is not None and not ApiKey.objects.filter(pk=key_id).exists():
        raise NotFound("There is no such API key.")
    known = {model.id for model in catalog().models}
    if unknown := [name for name in fields.get("allowed_models", ()) if name not in known]:
        raise Unprocessable(errors=[invalid(f"No model is called {unknown[0]!r}.", "allowed_models")])
    with transaction.atomic():
        before = KeyPolicy.objects.filter(key_id=key_id).values(*FIELDS).first()
        row: KeyPolicy = KeyPolicy.objects.update_or_create(key_id=key_id, defaults=fields)[0]
        after = {name: getattr(row, name) for name in FIELDS}
        if before != after:
            audit.record(
                "key_policy.changed", actor=audit.current_actor(), object_type="key_policy", object_id=row.pk,
                before=before, after=after,
            )  # fmt: skip
    return row


def forget(key_id: UUID | None) -> None:
    """Delete a policy, if there is one: what holds for all keys holds for this one again. Raises NotFound: no such key."""
    if key_id is not None and not ApiKey.objects.filter(pk=key_id).exists():
        raise NotFound("There is no such API key.")
    with transaction.atomic():
        row = KeyPolicy.objects.filter(key_id=key_id).first()
        if row is None:
            return
        audit.record(
            "key_policy.deleted", actor=audit.current_actor(), object_type="key_policy", object_id=row.pk,
            before={name: getattr(row, name) for name in FIELDS},
        )  # fmt: skip
        row.delete()
