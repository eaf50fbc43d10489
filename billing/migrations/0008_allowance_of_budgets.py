"""A month that is open already gets its allowance as a grant, as far as it is not spent."""

from django.db import migrations, models

from miosa.pg.bootstrap import PLATFORM
from miosa.pg.together import together

# As the platform: the owner sees the rows of no tenant that it has not entered.
FILL = f"""
SET LOCAL ROLE {PLATFORM};
UPDATE billing_budget SET allowance_micros = cap_micros;
WITH fresh AS (
  INSERT INTO billing_grant (id, tenant_id, kind, name, amount_micros, remaining_micros, priority, source, source_id,
    effective, expires, created)
  SELECT uuidv7(), tenant_id, 'allowance', 'what was left of the allowance', cap_micros - spent_micros,
    cap_micros - spent_micros, 10, 'plan', month::text, now(), (month + interval '1 month') AT TIME ZONE 'UTC', now()
  FROM billing_budget WHERE month = date_trunc('month', now() AT TIME ZONE 'UTC')::date AND cap_micros > spent_micros
  RETURNING *),
entry AS (
  INSERT INTO billing_ledgerentry (id, tenant_id, meter, quantity, cost_micros, source, source_id, model, agent,
    description, details, created)
  SELECT uuidv7(), tenant_id, 'grant', amount_micros, 0, 'grant', id::text, '', '', name, '{{}}', effective FROM fresh
  RETURNING id, tenant_id, created)
INSERT INTO billing_posting (id, tenant_id, entry_id, debit, credit, grant_id, amount_micros, created)
SELECT uuidv7(), entry.tenant_id, entry.id, 'allowance', 'credits', fresh.id, fresh.amount_micros, entry.created
FROM fresh JOIN entry USING (tenant_id);
RESET ROLE;
"""


@together
class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0007_postings_of_older_entries"),
    ]

    operations = [
        migrations.AddField(
            model_name="budget",
            name="allowance_micros",
            field=models.BigIntegerField(default=0, help_text="of the cap: what the plan allows"),
        ),
        migrations.AlterField(
            model_name="budget",
            name="cap_micros",
            field=models.BigIntegerField(
                help_text="the allowance, credit from elsewhere, and overage allowed"
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
