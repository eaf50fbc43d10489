"""Keeps what decisions were made from, once for each version; the only writer of Knowledge and KnownCatalog."""

from collections import OrderedDict
from uuid import UUID

from django.db import transaction

from routing.catalog import Catalog, digest_of
from routing.catalog_json import catalog_from_json
from routing.known import Known, version_of
from routing.models import Knowledge, KnownCatalog
from tenants.owned import current_tenant_id

REMEMBERED = 4_096  # versions this process need not look for again

_kept: OrderedDict[tuple[UUID | None, str], None] = OrderedDict()


class NotKept(LookupError):  # noqa: N818  reads as what it says
    """What a decision was made from is not there any more."""


def keep(known: Known) -> None:
    """Store what a board was made from, in the transaction of the decision; nothing is written twice."""
    mark = (current_tenant_id(), known.version)
    if mark in _kept:
        return
    content = known.as_json()
    _keep_catalog(known.catalog)
    row = Knowledge(version=known.version, catalog_digest=known.catalog.digest, content=content)
    Knowledge.objects.bulk_create([row], ignore_conflicts=True)
    transaction.on_commit(lambda: _remember(mark))


def recalled(version: str) -> Known:
    """Return what the board of this version was made from; raises NotKept, and ValueError for what was
    written over since.
    """
    row = Knowledge.objects.filter(version=version).first()
    if row is None:
        raise NotKept(f"What the scoreboard {version} was made from is not kept.")
    if version_of(row.content) != version:
        raise ValueError(f"What is kept under {version} is not what was kept: somebody touched it.")
    kept = KnownCatalog.objects.filter(digest=row.catalog_digest).first()
    if kept is None:
        raise NotKept(f"The catalogue {row.catalog_digest[:16]} is not kept.")
    if digest_of(kept.content) != row.catalog_digest:
        raise ValueError(f"The catalogue kept under {row.catalog_digest[:16]} is not what was kept.")
    # Both keep the name they had: a later release may know more fields, and would name the same content otherwise.
    catalog = catalog_from_json(kept.content)
    vars(catalog)["digest"] = row.catalog_digest
    known = Known.from_json(row.content, catalog)
    vars(known)["version"] = version
    return known


def _keep_catalog(catalog: Catalog) -> None:
    if not KnownCatalog.objects.filter(digest=catalog.digest).exists():
        row = KnownCatalog(digest=catalog.digest, content=catalog.as_json())
        KnownCatalog.objects.bulk_create([row], ignore_conflicts=True)


def _remember(mark: tuple[UUID | None, str]) -> None:
    _kept[mark] = None
    while len(_kept) > REMEMBERED:
        _kept.popitem(last=False)
