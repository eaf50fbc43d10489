"""Credit comes into the books, is withdrawn, and expires; each by an entry."""

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from billing.models import Grant
from tenants.owned import current_tenant_id

# What is given burns before what was paid for.
PRIORITY = MappingProxyType({Grant.Kind.ALLOWANCE: 10, Grant.Kind.PROMOTION: 20, Grant.Kind.PREPAID: 30})

GRANT = """
WITH fresh AS (
  INSERT INTO billing_grant (id, tenant_id, kind, name, amount_micros, remaining_micros, priority, source, source_id,
    effective, expires, created)
  VALUES (%(id)s, %(tenant)s, %(kind)s, %(name)s, %(amount)s, %(amount)s, %(priority)s, %(source)s, %(source_id)s,
    coalesce(%(effective)s, now()), %(expires)s, now())
  ON CONFLICT (tenant_id, source, source_id) DO NOTHING RETURNING *),
entry AS (
  INSERT INTO billing_ledgerentry (id, tenant_id, meter, quantity, cost_micros, source, source_id, model, agent,
    description, details, created)
  SELECT uuidv7(), tenant_id, 'grant', amount_micros, 0, 'grant', id::text, '', '', name, '{}', effective FROM fresh
  RETURNING id, tenant_id, created)
INSERT INTO billing_posting (id, tenant_id, entry_id, debit, credit, grant_id, amount_micros, created)
SELECT uuidv7(), entry.tenant_id, entry.id, fresh.kind, 'credits', fresh.id, fresh.amount_micros, entry.created
FROM fresh, entry RETURNING id"""

# From the grants that burn last, so that what is left keeps burning in order.
WITHDRAW = """
WITH locked AS (
  SELECT * FROM billing_grant WHERE tenant_id = %(tenant)s AND remaining_micros > 0 AND (kind = %(kind)s OR id = %(grant)s)
    AND effective <= clock_timestamp() AND (expires IS NULL OR expires > clock_timestamp())
  ORDER BY priority, expires, created, id FOR UPDATE),
pots AS (SELECT *, sum(remaining_micros) OVER (ORDER BY priority DESC, expires DESC, created DESC, id DESC) AS upto FROM locked),
taken AS (
  SELECT id, tenant_id, kind, least(remaining_micros, %(amount)s - (upto - remaining_micros)) AS amount FROM pots
  WHERE upto - remaining_micros < %(amount)s),
paid AS (
  UPDATE billing_grant g SET remaining_micros = g.remaining_micros - taken.amount FROM taken WHERE g.id = taken.id),
entry AS (
  INSERT INTO billing_ledgerentry (id, tenant_id, meter, quantity, cost_micros, source, source_id, model, agent,
    description, details, created)
  SELECT uuidv7(), %(tenant)s, 'grant', -sum(amount), 0, 'withdrawal', %(source_id)s, '', '', %(why)s, '{}', now()
  FROM taken HAVING sum(amount) > 0 RETURNING id, created),
posted AS (
  INSERT INTO billing_posting (id, tenant_id, entry_id, debit, credit, grant_id, amount_micros, created)
  SELECT uuidv7(), taken.tenant_id, entry.id, 'credits', taken.kind, taken.id, taken.amount, entry.created
  FROM taken, entry)
SELECT coalesce(sum(amount), 0) FROM taken"""

# A grant that got something back after it had expired expires again: its moment makes the cause another one.
EXPIRE = """
WITH dead AS (
  SELECT id, tenant_id, kind, name, remaining_micros, expires FROM billing_grant
  WHERE remaining_micros > 0 AND expires <= now() FOR UPDATE SKIP LOCKED),
ended AS (UPDATE billing_grant g SET remaining_micros = 0 FROM dead WHERE g.id = dead.id),
entry AS (
  INSERT INTO billing_ledgerentry (id, tenant_id, meter, quantity, cost_micros, source, source_id, model, agent,
    description, details, created)
  SELECT uuidv7(), tenant_id, 'expiry', remaining_micros, 0, 'expiry',
    id::text || ':' || (extract(epoch FROM now()) * 1000000)::bigint, '', '', 'expired: ' || name,
    jsonb_build_object('grant_id', id), expires FROM dead
  RETURNING id, tenant_id, (details ->> 'grant_id')::uuid AS pot, created),
posted AS (
  INSERT INTO billing_posting (id, tenant_id, entry_id, debit, credit, grant_id, amount_micros, created)
  SELECT uuidv7(), entry.tenant_id, entry.id, 'credits', 'expired', dead.id, dead.remaining_micros, entry.created
  FROM dead JOIN entry ON entry.pot = dead.id)"""


@dataclass(frozen=True, slots=True)
class Given:
    """Credit to give: `amount_micros` in micro-dollars; `effective` None means now, `expires` None never."""

    kind: Grant.Kind
    amount_micros: int
    name: str
    source: str
    source_id: str
    effective: datetime | None = None
    expires: datetime | None = None
    priority: int | None = None


def grant(given: Given) -> tuple[Grant, bool]:
    """Give credit to the current tenant; the same cause again gives nothing more. Return the grant, and whether it is new.

    Raises:
        ValueError: nothing is given, or it would have expired already.
    """
    if given.amount_micros <= 0:
        raise ValueError("A grant is more than nothing.")
    if given.expires is not None and given.expires <= (given.effective or timezone.now()):
        raise ValueError("A grant expires after it takes effect.")
    values: dict[str, Any] = {
        "id": uuid7(),
        "tenant": current_tenant_id(),
        "kind": given.kind,
        "name": given.name,
        "amount": given.amount_micros,
        "priority": PRIORITY[given.kind] if given.priority is None else given.priority,
        "source": given.source,
        "source_id": given.source_id,
        "effective": given.effective,
        "expires": given.expires,
    }
    with connection.cursor() as cursor:
        cursor.execute(GRANT, values)
        fresh = cursor.fetchone() is not None
    row: Grant = Grant.objects.get(source=given.source, source_id=given.source_id)
    return row, fresh


def withdraw(of: Grant.Kind | Grant, amount_micros: int, *, source_id: str, why: str) -> int:
    """Take back up to so many micro-dollars of what is left of a kind of grant, or of one; return how much that was."""
    values: dict[str, Any] = {
        "tenant": current_tenant_id(),
        "kind": None if isinstance(of, Grant) else of,
        "grant": of.pk if isinstance(of, Grant) else None,
        "amount": amount_micros,
        "source_id": source_id,
        "why": why,
    }
    with connection.cursor() as cursor:
        cursor.execute(WITHDRAW, values)
        return int(cursor.fetchone()[0])
