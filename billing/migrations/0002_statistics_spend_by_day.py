"""What each day cost, by tenant."""

from django.db import migrations

from miosa.pg.materialized_view import MaterializedView

QUERY = """
SELECT tenant_id::text || ':' || (created AT TIME ZONE 'UTC')::date AS id, tenant_id,
  (created AT TIME ZONE 'UTC')::date AS day,
  sum(cost_micros)::bigint AS cost_micros,
  coalesce(sum(quantity) FILTER (WHERE meter = 'tokens'), 0)::bigint AS tokens
FROM public.billing_ledgerentry
GROUP BY tenant_id, (created AT TIME ZONE 'UTC')::date
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_ledger_budgets_and_reservations")]
    operations = [MaterializedView("spend_by_day", QUERY, unique=["tenant_id", "day"])]
