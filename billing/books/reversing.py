"""Corrections: an entry is taken back whole, by one that moves the same money the other way."""

from typing import Any
from uuid import UUID

from django.db import connection

from billing.models import LedgerEntry
from billing.models.ledger_entry import MONEY_ONLY
from miosa.http.problem import Conflict, NotFound
from tenants.owned import current_tenant_id

# What grants paid goes back to them; what has expired since then expires again at the next sweep.
REVERSE = """
WITH wrong AS (
  SELECT * FROM billing_ledgerentry WHERE tenant_id = %(tenant)s AND id = %(entry)s),
fresh AS (
  INSERT INTO billing_ledgerentry (id, tenant_id, meter, quantity, input_tokens, cached_tokens, output_tokens,
    cost_micros, source, source_id, execution_id, model, agent, description, details, reverses_id, told,
    created)
  SELECT uuidv7(), tenant_id, meter, -quantity, -input_tokens, -cached_tokens, -output_tokens, -cost_micros,
    'reversal', id::text, execution_id, model, agent, %(why)s, details, id, told, now() FROM wrong
  ON CONFLICT (tenant_id, source, source_id) DO NOTHING RETURNING id, created, told, cost_micros),
moved AS (
  SELECT p.* FROM billing_posting p WHERE p.tenant_id = %(tenant)s AND p.entry_id = %(entry)s
    AND EXISTS (SELECT FROM fresh)),
back AS (
  UPDATE billing_grant g SET remaining_micros = g.remaining_micros + again.amount
  FROM (SELECT grant_id, sum(amount_micros) AS amount FROM moved WHERE debit = 'credits' GROUP BY 1) again
  WHERE g.id = again.grant_id),
posted AS (
  INSERT INTO billing_posting (id, tenant_id, entry_id, debit, credit, grant_id, amount_micros, created)
  SELECT uuidv7(), moved.tenant_id, fresh.id, moved.credit, moved.debit, moved.grant_id, moved.amount_micros,
    fresh.created FROM moved, fresh),
noted AS (
  INSERT INTO billing_usagetotell (id, tenant_id, micros, moment)
  SELECT uuidv7(), %(tenant)s, cost_micros, created FROM fresh WHERE told)
SELECT id FROM fresh"""


def reverse(entry_id: UUID, *, why: str) -> LedgerEntry:
    """Take back one entry of the current tenant, and return the entry that does it.

    Raises:
        NotFound: there is no such entry.
        Conflict: it was taken back before, is a reversal itself, or only moves credit.
    """
    wrong: LedgerEntry | None = LedgerEntry.objects.filter(pk=entry_id).first()
    if wrong is None:
        raise NotFound("There is no such ledger entry.")
    if wrong.reverses_id is not None:
        raise Conflict("This entry takes another one back; charge again what was right.")
    if wrong.meter in MONEY_ONLY:
        raise Conflict("This entry moves credit and is no use: withdraw the grant, or give another one.")
    values: dict[str, Any] = {"tenant": current_tenant_id(), "entry": entry_id, "why": why}
    with connection.cursor() as cursor:
        cursor.execute(REVERSE, values)
        found = cursor.fetchone()
    if found is None:
        raise Conflict("This entry was taken back already.")
    row: LedgerEntry = LedgerEntry.objects.get(pk=found[0])
    return row
