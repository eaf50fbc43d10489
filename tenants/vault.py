"""Secrets at rest: sealed with AES-256-GCM under a master key, bound to what they are for.

A sealed value opens only for the purpose it was sealed for, so one copied to another row, name or tenant stays shut.
The master keys come from MIOSA_SECRET_KEYS, newest first; where that is not set one is derived from JWT_SECRET. This is
the only writer of StoredSecret.
"""

import re
import secrets
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from miosa.http.problem import NotFound, Unprocessable
from miosa.pg.platform import platform
from tenants import audit
from tenants.models import StoredSecret
from tenants.owned import current_tenant_id
from tenants.secrets import derived_key

DERIVED = "jwt"  # the id of the key that is derived from JWT_SECRET
NONCE_BYTES = 12
ROTATED_AT_ONCE = 200  # rows in memory
Facts = Mapping[str, Any] | None
NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){1,3}")
MOST_NAME = 120
MOST_BYTES = 32_768


class CannotOpen(Exception):  # noqa: N818  reads as the sentence it prints
    """A sealed value stays shut; it is untouched, and the message says what is missing."""


def seal(plain: str | bytes, *, purpose: str) -> tuple[str, bytes]:
    """Return the id of the newest master key and the value sealed with it."""
    key_id = newest_key_id()
    nonce = secrets.token_bytes(NONCE_BYTES)
    text = plain.encode() if isinstance(plain, str) else plain
    return key_id, nonce + AESGCM(master_keys()[key_id]).encrypt(nonce, text, _bound(key_id, purpose))


def open_sealed(key_id: str, sealed: bytes | memoryview, *, purpose: str) -> bytes:
    """Return the value. Raises CannotOpen: its key is not among ours, it is for something else, or was changed."""
    key = master_keys().get(key_id)
    if key is None:
        raise CannotOpen(
            f"This secret is sealed with the master key {key_id!r}, which MIOSA_SECRET_KEYS does not hold: add it"
            " there again, after the newest, and run `manage.py secrets rotate`."
        )
    whole = bytes(sealed)
    try:
        return AESGCM(key).decrypt(whole[:NONCE_BYTES], whole[NONCE_BYTES:], _bound(key_id, purpose))
    except (InvalidTag, ValueError):
        raise CannotOpen(
            f"This secret does not open with the master key {key_id!r}: it was changed, was sealed for something"
            " else, or another key has that id now."
        ) from None


def newest_key_id() -> str:
    """Return the id of the key that new values are sealed with."""
    return next(iter(master_keys()))


def master_keys() -> dict[str, bytes]:
    """Return the keys by id, newest first; the derived one is the last, so that what it sealed still opens."""
    given = (entry.split(":", 1) for entry in settings.ENVIRONMENT.secret_keys)
    return {key_id: b64decode(text) for key_id, text in given} | {DERIVED: derived_key("vault")}


def put(name: str, value: str | bytes, *, actor: str = "") -> StoredSecret:
    """Store or replace a secret of the current tenant. Raises Unprocessable for a name or size that is not allowed."""
    refuse_name(name)
    if not 0 < len(value.encode() if isinstance(value, str) else value) <= MOST_BYTES:
        raise Unprocessable(f"A secret holds 1 to {MOST_BYTES} bytes.")
    key_id, sealed = seal(value, purpose=purpose_of(current_tenant_id(), name))
    with transaction.atomic():
        before = StoredSecret.objects.filter(name=name).values("key_id", "updated").first()
        row: StoredSecret = StoredSecret.objects.update_or_create(
            name=name, defaults={"key_id": key_id, "sealed": sealed}
        )[0]
        after = {"key_id": key_id, "updated": row.updated}
        _record("secret.replaced" if before else "secret.stored", name, actor, before, after)
    return row


def read(name: str) -> bytes | None:
    """Return a secret of the current tenant, None where it has none of this name. Raises CannotOpen."""
    row = StoredSecret.objects.filter(name=name).first()
    if row is None:
        return None
    return open_sealed(row.key_id, row.sealed, purpose=purpose_of(row.tenant_id, name))


def forget(name: str, *, actor: str = "") -> None:
    """Delete a secret of the current tenant; raises NotFound where there is none."""
    with transaction.atomic():
        before = StoredSecret.objects.filter(name=name).values("key_id", "updated").first()
        if before is None or not StoredSecret.objects.filter(name=name).delete()[0]:
            raise NotFound("There is no secret of this name.")
        _record("secret.deleted", name, actor, before, None)


def rotate() -> tuple[int, list[str]]:
    """Seal the secrets of all tenants with the newest master key; what it returns is `reseal`'s."""
    with platform():
        return reseal(StoredSecret.objects.all(), lambda row: purpose_of(row.tenant_id, row.name))


def reseal(rows: QuerySet[Any], purpose: Callable[[Any], str]) -> tuple[int, list[str]]:
    """Seal rows with `key_id` and `sealed` anew; return how many, and what is wrong with those that stay shut.

    Each is a statement of its own and is left alone where somebody sets it meanwhile, so it may be interrupted,
    repeated, and run beside everything else.
    """
    done, stuck = 0, []
    stale = rows.exclude(key_id=newest_key_id()).order_by("pk")
    for row in stale.iterator(chunk_size=ROTATED_AT_ONCE):
        try:
            key_id, sealed = seal(
                open_sealed(row.key_id, row.sealed, purpose=purpose(row)), purpose=purpose(row)
            )
        except CannotOpen as closed:
            stuck.append(f"{purpose(row)}: {closed}")
        else:
            same = rows.filter(pk=row.pk, key_id=row.key_id, sealed=row.sealed)
            done += same.update(key_id=key_id, sealed=sealed)
    return done, stuck


def purpose_of(tenant_id: object, name: str) -> str:
    """Return what a stored secret is bound to."""
    if tenant_id is None:
        raise RuntimeError("A tenant's secret is kept inside the tenant.")
    return f"stored-secret:{tenant_id}:{name}"


def refuse_name(name: str) -> None:
    """Raise Unprocessable for a name that says nothing about its use."""
    if len(name) > MOST_NAME or not NAME.fullmatch(name):
        raise Unprocessable(
            "A secret is named for its use, as in provider/groq, webhook/billing or environment/shop/API_KEY."
        )


def _record(action: str, name: str, actor: str, before: Facts, after: Facts) -> None:
    who = actor or audit.current_actor()
    audit.record(action, actor=who, object_type="secret", object_id=name, before=before, after=after)


def _bound(key_id: str, purpose: str) -> bytes:
    return f"miosa:sealed:1:{key_id}:{purpose}".encode()
