"""Budgets of a day, of a key and of a tenant; what is closed gives back what it held of them."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenants.owned
from miosa.pg.row_security import EnableRowLevelSecurity
from miosa.pg.together import together

CLOSE = """
CREATE OR REPLACE FUNCTION billing_close(of_tenant uuid, for_reference text, as_state text, actual bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  budget uuid;
  keys uuid[];
  spent bigint;
  freed bigint;
{declared}BEGIN
  UPDATE billing_reservation r SET state = as_state, actual_micros = actual, closed = now()
  WHERE r.tenant_id = of_tenant AND r.reference = for_reference
  RETURNING r.budget_id, r.key_ids, actual - coalesce(old.actual_micros, 0),
    CASE WHEN old.state = 'held' THEN r.amount_micros ELSE 0 END{returned} INTO budget, keys, spent, freed{into};
  IF budget IS NULL THEN
    RETURN false;
  END IF;
  UPDATE billing_budget b SET spent_micros = b.spent_micros + spent, reserved_micros = b.reserved_micros - freed
  WHERE b.id = budget;
  IF cardinality(keys) > 0 THEN
    UPDATE billing_keybudget k SET spent_micros = k.spent_micros + spent, reserved_micros = k.reserved_micros - freed
    WHERE k.budget_id = budget AND k.key_id = ANY(keys);
  END IF;
{days}  RETURN true;
END $$;
"""
DAYS = """  IF cardinality(holders) > 0 THEN
    UPDATE billing_daybudget d SET spent_micros = d.spent_micros + spent, reserved_micros = d.reserved_micros - freed
    WHERE d.tenant_id = of_tenant AND d.day = of_day AND d.holder = ANY(holders);
  END IF;
"""
WITH_DAYS = CLOSE.format(
    declared="  of_day date;\n  holders uuid[];\n",
    returned=", r.day, r.day_holders",
    into=", of_day, holders",
    days=DAYS,
)
WITHOUT = CLOSE.format(declared="", returned="", into="", days="")


@together
class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0012_stripe"),
        ("tenants", "0004_second_factor_tables"),
    ]

    operations = [
        migrations.AddField(
            model_name="reservation",
            name="day",
            field=models.DateField(help_text="of the budgets of a day that it counts for", null=True),
        ),
        migrations.AddField(
            model_name="reservation",
            name="day_holders",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(),
                db_default=[],
                default=list,
                help_text="whose budgets of a day it counts for",
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="DayBudget",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField(help_text="UTC")),
                ("holder", models.UUIDField()),
                ("spent_micros", models.BigIntegerField(default=0)),
                ("reserved_micros", models.BigIntegerField(default=0)),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        default=tenants.owned.current_tenant_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="billing_daybudget_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "day", "holder"), name="one_budget_per_day"),
                    models.CheckConstraint(
                        condition=models.Q(("reserved_micros__gte", 0)), name="day_reserved_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("spent_micros__gte", 0)), name="day_spent_not_negative"
                    ),
                ],
            },
        ),
        EnableRowLevelSecurity("daybudget"),
        migrations.RunSQL(WITH_DAYS, WITHOUT),
    ]
