"""Reserving and closing as functions: what is planned once for each connection costs a third of its time."""

from django.db import migrations

# Names without a schema: a tenant with a schema of its own reserves in its own tables.
FUNCTIONS = """
CREATE FUNCTION billing_reserve(
  of_tenant uuid, in_month date, for_reference text, as_id uuid, for_keys uuid[], amount bigint, executions bigint,
  lease interval)
RETURNS TABLE (is_new boolean, id uuid, budget_id uuid, key_ids uuid[], amount_micros bigint, actual_micros bigint,
  state varchar, lease_until timestamptz, created timestamptz, closed timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  budget uuid;
BEGIN
  RETURN QUERY
    SELECT false, r.id, r.budget_id, r.key_ids, r.amount_micros, r.actual_micros, r.state, r.lease_until, r.created, r.closed
    FROM billing_reservation r WHERE r.tenant_id = of_tenant AND r.reference = for_reference;
  IF FOUND THEN
    RETURN;
  END IF;
  UPDATE billing_budget b
  SET reserved_micros = b.reserved_micros + amount, executions_used = b.executions_used + executions
  WHERE b.tenant_id = of_tenant AND b.month = in_month AND b.spent_micros + b.reserved_micros + amount <= b.cap_micros
    AND (b.executions_cap IS NULL OR b.executions_used + executions <= b.executions_cap)
  RETURNING b.id INTO budget;
  IF budget IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY
    INSERT INTO billing_reservation AS r
      (id, tenant_id, reference, budget_id, key_ids, amount_micros, state, lease_until, created)
    VALUES (as_id, of_tenant, for_reference, budget, for_keys, amount, 'held', now() + lease, now())
    RETURNING true, r.id, r.budget_id, r.key_ids, r.amount_micros, r.actual_micros, r.state, r.lease_until, r.created, r.closed;
END $$;

-- Converges: a lease that ran out has given its money back already, and a sum charged before is taken off, so that a
-- call which outlives its cancellation is charged by settling again. The budget's row is locked before its keys'.
CREATE FUNCTION billing_close(of_tenant uuid, for_reference text, as_state text, actual bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  budget uuid;
  keys uuid[];
  spent bigint;
  freed bigint;
BEGIN
  UPDATE billing_reservation r SET state = as_state, actual_micros = actual, closed = now()
  WHERE r.tenant_id = of_tenant AND r.reference = for_reference
  RETURNING r.budget_id, r.key_ids, actual - coalesce(old.actual_micros, 0),
    CASE WHEN old.state = 'held' THEN r.amount_micros ELSE 0 END INTO budget, keys, spent, freed;
  IF budget IS NULL THEN
    RETURN false;
  END IF;
  UPDATE billing_budget b SET spent_micros = b.spent_micros + spent, reserved_micros = b.reserved_micros - freed
  WHERE b.id = budget;
  IF cardinality(keys) > 0 THEN
    UPDATE billing_keybudget k SET spent_micros = k.spent_micros + spent, reserved_micros = k.reserved_micros - freed
    WHERE k.budget_id = budget AND k.key_id = ANY(keys);
  END IF;
  RETURN true;
END $$;
"""
GONE = """
DROP FUNCTION billing_close(uuid, text, text, bigint);
DROP FUNCTION billing_reserve(uuid, date, text, uuid, uuid[], bigint, bigint, interval);
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0008_allowance_of_budgets")]

    operations = [migrations.RunSQL(FUNCTIONS, GONE)]
