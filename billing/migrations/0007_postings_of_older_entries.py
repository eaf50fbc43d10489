"""Entries from before there were grants were paid by none: what they cost is overage."""

from django.db import migrations

from miosa.pg.bootstrap import PLATFORM

# As the platform: the owner sees the rows of no tenant that it has not entered.
FILL = f"""
SET LOCAL ROLE {PLATFORM};
INSERT INTO billing_posting (id, tenant_id, entry_id, debit, credit, amount_micros, created)
SELECT uuidv7(), tenant_id, id, CASE WHEN cost_micros > 0 THEN 'overage' ELSE 'usage' END,
  CASE WHEN cost_micros > 0 THEN 'usage' ELSE 'overage' END, abs(cost_micros), created
FROM billing_ledgerentry e WHERE cost_micros <> 0
  AND NOT EXISTS (SELECT FROM billing_posting p WHERE p.tenant_id = e.tenant_id AND p.entry_id = e.id);
RESET ROLE;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_double_entry_and_grants")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
