"""A person's word on one exact effect before it happens; the only writer of Approval.

An approval is bound to its effect by a digest: whoever decides says which digest was read, and whoever acts shows the
effect anew. Time is the database's.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.postgres.functions import TransactionNow
from django.db import connection, transaction
from django.db.models import QuerySet

from deployments.approval_letter import addressees, ring
from deployments.models import Approval
from miosa.http.problem import Conflict, NotFound
from tenants import audit
from tenants.owned import current_tenant_id
from tenants.places import in_each_place

logger = logging.getLogger(__name__)
TTL_S = 86_400
MOST_NOTE = 500
MOST_WAITING = 100
State = Approval.State

# A letter that did not leave waits a minute, and then as long again as half of what it has waited. Who has decided needs none.
TAKE_LETTERS = """
UPDATE deployments_approval SET letters_due = now() + greatest(interval '1 minute', (now() - created) / 2)
WHERE id = %s AND letters_due <= now() AND state = 'pending' AND expires > now() RETURNING id"""

CROSS_OFF = """
UPDATE deployments_approval SET letters_to = array_remove(letters_to, %(person)s),
  letters_due = CASE WHEN letters_due IS NOT NULL AND array_remove(letters_to, %(person)s) <> '{}'
    THEN greatest(letters_due, now() + interval '1 minute') END
WHERE id = %(id)s"""

LETTERS_DUE = """
SELECT tenant_id, id FROM deployments_approval
WHERE letters_due <= now() AND state = 'pending' AND expires > now() ORDER BY letters_due LIMIT %s"""


def digest_of(kind: str, effect: Mapping[str, Any]) -> str:
    """Return the SHA-256 of kind and effect in canonical JSON."""
    said = json.dumps([kind, effect], sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def ask(
    *, kind: str, effect: Mapping[str, Any], execution_id: UUID | None, requested_by: str, ttl_s: int = TTL_S
) -> Approval:
    """Ask for somebody's word; the same question of the same execution that is still open is not asked twice."""
    plain = json.loads(json.dumps(dict(effect), default=str))
    digest = digest_of(kind, plain)
    with transaction.atomic():
        expire_old()
        if execution_id is not None:
            open_one = pending().filter(execution_id=execution_id, kind=kind, digest=digest).first()
            if open_one is not None:
                return open_one
        people = list(addressees())
        row: Approval = Approval.objects.create(
            kind=kind,
            effect=plain,
            digest=digest,
            execution_id=execution_id,
            requested_by=requested_by,
            expires=TransactionNow() + timedelta(seconds=ttl_s),
            letters_to=people,
            letters_due=TransactionNow() if people else None,
        )
        row.refresh_from_db()
        _record("approval.asked", row, requested_by, after={"kind": kind, "digest": digest})
        transaction.on_commit(partial(ring, current_tenant_id(), row.pk))
    return row


def decide(approval_id: UUID, *, approve: bool, digest: str, actor: str, note: str = "") -> Approval:
    """Say yes or no, once; a refused answer is logged.

    Raises NotFound; Conflict: decided already, expired, withdrawn, or another effect was read.
    """
    with transaction.atomic():
        row: Approval | None = Approval.objects.select_for_update().filter(pk=approval_id).first()
        if row is None:
            raise NotFound("There is no such approval.")
        if why := _against(row, digest):
            logger.info("An answer of %s to approval %s was refused: %s", actor, row.pk, why)
            raise Conflict(why)
        row.state = State.APPROVED if approve else State.REJECTED
        row.decided_by, row.decided, row.note = actor, TransactionNow(), note[:MOST_NOTE]
        row.letters_due = None
        row.save(update_fields=["state", "decided_by", "decided", "note", "letters_due"])
        row.refresh_from_db()
        after = {"state": row.state, "digest": row.digest, "note": row.note}
        _record(f"approval.{row.state}", row, actor, after=after, before={"state": State.PENDING.value})
    return row


def withdraw(execution_id: UUID, *, kinds: Collection[str]) -> None:
    """Close what was asked for an execution that has ended: a yes would be to nothing. What is being answered is left."""
    _withdraw(Approval.objects.filter(execution_id=execution_id, kind__in=kinds))


def withdraw_one(approval_id: UUID) -> None:
    """Close a question whose deployment has ended before it went."""
    _withdraw(Approval.objects.filter(pk=approval_id))


def state(approval_id: UUID) -> str:
    """Return pending, approved, rejected or expired as of now; raises NotFound."""
    row = one(approval_id)
    return State.EXPIRED.value if row.state == State.PENDING and _is_over(row) else str(row.state)


def one(approval_id: UUID) -> Approval:
    """Return one approval of the current tenant; raises NotFound."""
    row: Approval | None = Approval.objects.filter(pk=approval_id).first()
    if row is None:
        raise NotFound("There is no such approval.")
    return row


def listed() -> QuerySet[Approval]:
    """Return the current tenant's approvals."""
    rows: QuerySet[Approval] = Approval.objects.all()
    return rows


def pending() -> QuerySet[Approval]:
    """Return those that wait for a word."""
    rows: QuerySet[Approval] = Approval.objects.filter(state=State.PENDING, expires__gt=TransactionNow())
    return rows


def expire_old() -> list[UUID]:
    """Mark the current tenant's approvals whose time is over; return their ids."""
    with transaction.atomic():
        over = Approval.objects.select_for_update(skip_locked=True).filter(
            state=State.PENDING, expires__lte=TransactionNow()
        )
        ids = list(over.values_list("pk", flat=True))
        Approval.objects.filter(pk__in=ids).update(state=State.EXPIRED, letters_due=None)
    return ids


def letters_due() -> list[tuple[UUID, UUID]]:
    """Return (tenant, approval) of the questions whose letters wait, of all tenants, as the platform."""
    return [(tenant, row) for tenant, row in in_each_place(LETTERS_DUE, [MOST_WAITING])]


def take_letters(approval_id: UUID) -> Approval | None:
    """Take on the letters of a question that are due; None where none are, somebody else has them, or it is answered."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_LETTERS, [approval_id])
        return one(approval_id) if cursor.fetchone() else None


def cross_off(approval_id: UUID, person: UUID) -> None:
    """Note that a person got the letter, or needs none; whoever writes the others has another minute."""
    with connection.cursor() as cursor:
        cursor.execute(CROSS_OFF, {"id": approval_id, "person": person})


def _withdraw(rows: QuerySet[Approval]) -> None:
    with transaction.atomic():
        for row in rows.select_for_update(skip_locked=True).filter(state=State.PENDING):
            row.state, row.letters_due = State.EXPIRED, None
            row.save(update_fields=["state", "letters_due"])
            _record("approval.withdrawn", row, audit.current_actor())


def _against(row: Approval, digest: str) -> str:
    """Return what speaks against an answer to a locked approval, "" where nothing does."""
    if not hmac.compare_digest(row.digest.encode(), digest.encode()):
        return "The digest is of another effect than this approval's: read the effect again."
    over = _is_over(row)
    if row.state == State.EXPIRED and not over:
        return "This approval was withdrawn: what asked for it has ended."
    if row.state == State.EXPIRED or (row.state == State.PENDING and over):
        return "This approval has expired: ask for it again."
    return "" if row.state == State.PENDING else f"This approval is {row.state} already."


def _is_over(row: Approval) -> bool:
    return bool(Approval.objects.filter(pk=row.pk, expires__lte=TransactionNow()).exists())


def _record(action: str, row: Approval, actor: str, **sides: Any) -> None:
    audit.record(action, actor=actor, object_type="approval", object_id=row.pk, **sides)
