"""Bytes of files, kept once for each tenant under their SHA-256; the only writer of FileContent.

A writer holds the rows it refers to until its transaction ends, and the sweep skips what is held: so nothing is
swept that somebody is about to refer to, and nobody waits for the sweep longer than one of its batches.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Sum

from billing.subscriptions import current_plan
from deployments.models import FileContent
from miosa.http.problem import NotFound, PaymentRequired, Unprocessable
from tenants.owned import current_tenant_id

MEBIBYTE = 1024 * 1024
MOST_FILE_BYTES = 16 * MEBIBYTE
AT_ONCE_BYTES = 8 * MEBIBYTE  # in memory while many files are stored
AT_ONCE = 200  # rows in a statement
GRACE = timedelta(hours=1)  # what was stored so recently is not swept: it may not be referred to yet
SWEPT_AT_ONCE = 500
TRIES = 5

LOCK = """SELECT digest FROM deployments_filecontent WHERE tenant_id = %s AND digest = ANY(%s)
  ORDER BY digest FOR KEY SHARE"""
# What refers to a content `c`, each a SELECT; floors above add theirs with `refers`.
REFERRING = [
    "SELECT FROM deployments_fileversion v WHERE v.tenant_id = c.tenant_id AND v.digest = c.digest",
    """SELECT FROM deployments_release r WHERE r.tenant_id = c.tenant_id
    AND r.manifest @> jsonb_build_array(jsonb_build_object('digest', c.digest))""",
]
CANDIDATES = """SELECT c.id FROM deployments_filecontent c
  WHERE c.tenant_id = %s AND c.created < %s AND {unreferred} LIMIT %s FOR UPDATE SKIP LOCKED"""
SWEEP = "DELETE FROM deployments_filecontent c WHERE c.tenant_id = %s AND c.id = ANY(%s) AND {unreferred}"


class ContentTooLarge(Unprocessable):
    """A file is larger than what is stored."""


class StorageFull(PaymentRequired):
    """The tenant's files, each content once, take all the place that its plan has."""


def refers(select: str) -> None:
    """Let the sweep ask whether rows of another table refer to a content `c`: told once, when the app is ready."""
    if select not in REFERRING:
        REFERRING.append(select)


def digest_of(content: bytes) -> str:
    """Return the name of some bytes."""
    return hashlib.sha256(content).hexdigest()


def put(content: bytes) -> str:
    """Store bytes and return their digest; inside a transaction they stay until it ends."""
    return next(iter(put_all([content])))


def put_all(many: Iterable[bytes]) -> list[str]:
    """Store each and return the digests in the same order; few are in memory at once."""
    digests: list[str] = []
    for batch in _batches(many):
        named = {digest_of(content): content for content in batch}
        _store(named)
        digests += map(digest_of, batch)
    return digests


def read(digest: str) -> bytes:
    """Return what a digest names. Raises NotFound."""
    row = FileContent.objects.filter(digest=digest).values_list("content", flat=True).first()
    if row is None:
        raise NotFound("The bytes of this file are not stored.")
    return bytes(row)


def read_all(digests: Iterable[str]) -> Mapping[str, bytes]:
    """Return those of the contents that are stored, by digest; for few and small ones."""
    rows = FileContent.objects.filter(digest__in=set(digests)).values_list("digest", "content")
    return {digest: bytes(content) for digest, content in rows}


def sweep(now: datetime) -> int:
    """Delete the current tenant's contents that nothing refers to; return how many."""
    swept = 0
    while (found := _swept(now)) is not None:
        swept += found
    return swept


def _batches(many: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for content in many:
        if len(content) > MOST_FILE_BYTES:
            raise ContentTooLarge(f"A file may have {MOST_FILE_BYTES:,} bytes; one has {len(content):,}.")
        if batch and (size + len(content) > AT_ONCE_BYTES or len(batch) == AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(content)
        size += len(content)
    if batch:
        yield batch


def _store(named: Mapping[str, bytes]) -> None:
    """Store what is not there and hold all of it; what the sweep takes in between is stored again."""
    with transaction.atomic():
        for _ in range(TRIES):
            missing = set(named) - _held(named)
            if not missing:
                return
            _refuse_full(sum(len(named[digest]) for digest in missing))
            rows = [
                FileContent(digest=digest, size_bytes=len(named[digest]), content=named[digest])
                for digest in sorted(missing)
            ]
            FileContent.objects.bulk_create(rows, ignore_conflicts=True)
    raise RuntimeError("Contents vanish as fast as they are stored.")


def _held(digests: Iterable[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [current_tenant_id(), list(digests)])
        return {digest for (digest,) in cursor.fetchall()}


def _refuse_full(more: int) -> None:
    most = current_plan().storage_mb
    if most is None:
        return
    stored = FileContent.objects.aggregate(total=Sum("size_bytes"))["total"] or 0
    if stored + more > most * MEBIBYTE:
        raise StorageFull(
            f"The stored files would have more than the plan's {most:,} MiB together, each content counted once; choose"
            " a larger plan, or wait until old versions of files are forgotten."
        )


def _swept(now: datetime) -> int | None:
    """Delete one batch; None where nothing is left. References are looked at again once the rows are held."""
    with transaction.atomic(), connection.cursor() as cursor:
        unreferred = " AND ".join(f"NOT EXISTS ({select})" for select in REFERRING)
        cursor.execute(
            CANDIDATES.format(unreferred=unreferred), [current_tenant_id(), now - GRACE, SWEPT_AT_ONCE]
        )
        ids = [pk for (pk,) in cursor.fetchall()]
        if not ids:
            return None
        cursor.execute(SWEEP.format(unreferred=unreferred), [current_tenant_id(), ids])
        return int(cursor.rowcount)
