"""Receipts: signed with a key of this installation, found by the former slug, and checked; the only writer of them."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone

from miosa.pg.platform import platform
from tenants.erasure.refusal import ErasureRefused
from tenants.models import ErasureReceipt, Tenant
from tenants.secrets import derived_key

PURPOSE = "erasure-receipt"
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done, and the 32 bytes that prove that we wrote it."""

    document: Mapping[str, Any]
    signature: bytes

    @property
    def is_genuine(self) -> bool:
        """Whether not a letter of it was changed since it was signed here."""
        return hmac.compare_digest(self.signature, _signature(self.document))

    def as_json(self) -> str:
        """The receipt as people keep it."""
        return json.dumps(
            {"document": self.document, "signature": self.signature.hex()}, indent=1, sort_keys=True
        )


def begin(tenant: Tenant, rows: Mapping[str, int], people: int, *, by: str, forced: bool) -> ErasureReceipt:
    """Write the receipt of a deletion in the transaction that deletes; it says that something is still to do."""
    document = {
        "tenant": str(tenant.pk),
        "slug": tenant.slug,
        "isolation": str(tenant.isolation),
        "rows": dict(rows),
        "people": people,
        "keys": 0,
        "files": 0,
        "by": by,
        "forced": forced,
        "rows_deleted_at": timezone.now().isoformat(),
        "completed_at": None,
    }
    return ErasureReceipt.objects.create(
        former_tenant=tenant.pk, slug=tenant.slug, document=document, signature=_signature(document)
    )


def complete(row: ErasureReceipt, *, keys: int, files: int) -> bool:
    """Say that nothing is left, and sign that, in the platform's transaction; tell whether it was not said before."""
    locked = ErasureReceipt.objects.using("platform").select_for_update().get(pk=row.pk)
    if locked.document["completed_at"]:
        return False
    locked.document |= {"keys": keys, "files": files, "completed_at": timezone.now().isoformat()}
    locked.signature = _signature(locked.document)
    locked.save(using="platform")
    return True


def of(row: ErasureReceipt) -> Receipt:
    """Return a stored row as a receipt; one whose columns were changed is no genuine one."""
    mine = (row.document.get("tenant"), row.document.get("slug")) == (str(row.former_tenant), row.slug)
    return Receipt(row.document, bytes(row.signature) if mine else b"")


def stored(slug: str) -> list[ErasureReceipt]:
    """Return the rows of a former slug, the newest first."""
    with platform():
        return list(ErasureReceipt.objects.filter(slug=slug))


def again(row: ErasureReceipt) -> ErasureReceipt:
    """Return the row as it is stored now."""
    with platform():
        return ErasureReceipt.objects.get(pk=row.pk)


def from_file(path: Path) -> Receipt:
    """Return the receipt in a file. Raise ErasureRefused where there is none."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(MOST_BYTES))
        document, signature = found["document"], bytes.fromhex(found["signature"])
        if not isinstance(document, dict):
            raise TypeError("document")
    except OSError as error:
        raise ErasureRefused(
            f"{path} cannot be read ({error.strerror}): name the file of a receipt."
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ErasureRefused(f"{path} holds no receipt of an erasure.") from error
    return Receipt(document, signature)


def _signature(document: Mapping[str, Any]) -> bytes:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hmac.digest(derived_key(PURPOSE), canonical.encode(), "sha256")
