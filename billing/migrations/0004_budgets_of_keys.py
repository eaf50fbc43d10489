import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenants.owned
from miosa.pg.composite import CompositeForeignKey
from miosa.pg.row_security import EnableRowLevelSecurity
from miosa.pg.together import together


@together
class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_owner_may_move_entries"),
        ("tenants", "0003_sessions_people_audit_and_secrets"),
    ]

    operations = [
        migrations.AddField(
            model_name="reservation",
            name="key_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(),
                default=list,
                help_text="the API key it is for, and those it descends from",
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="KeyBudget",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key_id", models.UUIDField()),
                ("spent_micros", models.BigIntegerField(default=0)),
                ("reserved_micros", models.BigIntegerField(default=0)),
                (
                    "budget",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.budget",
                    ),
                ),
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
                    models.UniqueConstraint(fields=("tenant", "id"), name="billing_keybudget_of_tenant"),
                    models.UniqueConstraint(
                        fields=("tenant", "budget", "key_id"), name="one_key_budget_per_month"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reserved_micros__gte", 0)),
                        name="key_budget_reserved_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("spent_micros__gte", 0)), name="key_budget_spent_not_negative"
                    ),
                ],
            },
        ),
        EnableRowLevelSecurity("keybudget"),
        CompositeForeignKey("keybudget", "budget", to="billing.Budget"),
    ]
