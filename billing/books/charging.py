"""Charges: many facts in one statement, each paid by the grants that burn next, the rest being overage."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone
from uuid_utils.compat import uuid7

from billing.books.facts import Fact
from tenants.owned import current_tenant_id

# What costs nothing owes nobody: this alone is all of it.
FRESH = """
INSERT INTO billing_ledgerentry (id, tenant_id, meter, quantity, input_tokens, cached_tokens, output_tokens,
  cost_micros, source, source_id, execution_id, model, agent, description, details, told, created)
SELECT id, %(tenant)s, meter, quantity, input, cached, output, cost, source, source_id, execution, model, agent,
  description, details::jsonb, %(told)s AND cost > 0, moment
FROM unnest(%(ids)s::uuid[], %(meters)s::text[], %(quantities)s::bigint[], %(inputs)s::bigint[],
  %(cached)s::bigint[], %(outputs)s::bigint[], %(costs)s::bigint[], %(sources)s::text[], %(source_ids)s::text[],
  %(executions)s::uuid[], %(models)s::text[], %(agents)s::text[], %(descriptions)s::text[], %(details)s::text[],
  %(moments)s::timestamptz[]) AS given (id, meter, quantity, input, cached, output, cost, source, source_id,
  execution, model, agent, description, details, moment)
ON CONFLICT (tenant_id, source, source_id) DO NOTHING RETURNING id, cost_micros AS cost, created"""
# Each fact owes the part of the whole from (upto - cost) to upto, each grant pays one from (upto - remaining) to upto:
# what overlaps is paid by that grant. Grants are locked in the order in which they burn, so that no two charges wait
# for each other; a fact that costs nothing locks none.
CHARGE = f"""
WITH fresh AS ({FRESH}),
owed AS (SELECT *, sum(cost) OVER (ORDER BY id) AS upto FROM fresh WHERE cost > 0),
locked AS (
  SELECT id, remaining_micros AS remaining, priority, expires, created FROM billing_grant
  WHERE tenant_id = %(tenant)s AND remaining_micros > 0 AND effective <= clock_timestamp() AND (expires IS NULL OR expires > clock_timestamp())
    AND EXISTS (SELECT FROM owed)
  ORDER BY priority, expires, created, id FOR UPDATE),
pots AS (SELECT *, sum(remaining) OVER (ORDER BY priority, expires, created, id) AS upto FROM locked),
burnt AS (
  SELECT owed.id AS entry, owed.created, pots.id AS pot,
    least(owed.upto, pots.upto) - greatest(owed.upto - owed.cost, pots.upto - pots.remaining) AS amount
  FROM owed JOIN pots ON pots.upto > owed.upto - owed.cost AND pots.upto - pots.remaining < owed.upto),
paid AS (
  UPDATE billing_grant g SET remaining_micros = g.remaining_micros - spent.amount
  FROM (SELECT pot, sum(amount) AS amount FROM burnt GROUP BY pot) spent WHERE g.id = spent.pot),
posted AS (
  INSERT INTO billing_posting (id, tenant_id, entry_id, debit, credit, grant_id, amount_micros, created)
  SELECT uuidv7(), %(tenant)s, entry, 'credits', 'usage', pot, amount, created FROM burnt
  UNION ALL
  SELECT uuidv7(), %(tenant)s, id, 'overage', 'usage', NULL, cost - coalesce(covered, 0), created
  FROM owed LEFT JOIN (SELECT entry, sum(amount) AS covered FROM burnt GROUP BY entry) c ON c.entry = owed.id
  WHERE cost > coalesce(covered, 0)),
noted AS (
  INSERT INTO billing_usagetotell (id, tenant_id, micros, moment)
  SELECT uuidv7(), %(tenant)s, cost, created FROM fresh WHERE %(told)s AND cost > 0)
SELECT id, cost, created FROM fresh"""


def is_told() -> bool:
    """Whether the payment service hears of what is used: a note is left for it in the same statement."""
    return bool(settings.ENVIRONMENT.stripe_secret_key)


def charge(facts: Sequence[Fact]) -> dict[UUID, int]:
    """Write facts of the current tenant; return what those that were new cost, by entry.

    A fact whose cause is there already is left out: the same cause is counted once.
    """
    if not facts:
        return {}
    now = timezone.now()
    columns: dict[str, list[Any]] = {
        "ids": [uuid7() for _ in facts],  # ascending: they burn in the order given
        "meters": [str(one.meter) for one in facts],
        "quantities": [one.quantity for one in facts],
        "inputs": [one.tokens and one.tokens.input for one in facts],
        "cached": [one.tokens and one.tokens.cached for one in facts],
        "outputs": [one.tokens and one.tokens.output for one in facts],
        "costs": [one.cost_micros for one in facts],
        "sources": [one.source for one in facts],
        "source_ids": [one.source_id for one in facts],
        "executions": [one.execution_id for one in facts],
        "models": [one.model for one in facts],
        "agents": [one.agent for one in facts],
        "descriptions": [one.description for one in facts],
        "details": [json.dumps(dict(one.details)) for one in facts],
        "moments": [one.occurred_at or now for one in facts],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            CHARGE if any(columns["costs"]) else FRESH,
            {"tenant": current_tenant_id(), "told": is_told(), **columns},
        )
        return {entry: int(cost) for entry, cost, _ in cursor.fetchall()}
