"""Alerts and warnings of spending, and what comparisons of the books found."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenants.owned
from miosa.pg.bootstrap import APP
from miosa.pg.row_security import EnableRowLevelSecurity
from miosa.pg.together import together


@together
class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0010_price_list_and_agreements"),
        ("tenants", "0004_second_factor_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reconciliation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("started", models.DateTimeField()),
                ("finished", models.DateTimeField()),
                ("sums", models.JSONField()),
                ("differences", models.JSONField(help_text="the first hundred")),
                ("number", models.PositiveIntegerField(help_text="how many differences there are")),
            ],
            options={
                "ordering": ("-started",),
            },
        ),
        migrations.CreateModel(
            name="SpendAlert",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("share", "percent of the month's budget"),
                            ("amount", "micro-dollars in the month"),
                        ],
                        max_length=6,
                    ),
                ),
                ("level", models.BigIntegerField(help_text="percent, or micro-dollars")),
                ("created", models.DateTimeField(auto_now_add=True)),
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
                    models.UniqueConstraint(fields=("tenant", "id"), name="billing_spendalert_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "kind", "level"), name="spend_alert_once"),
                    models.CheckConstraint(
                        condition=models.Q(("level__gt", 0)), name="spend_alert_of_something"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SpendWarning",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "period",
                    models.DateField(help_text="first day of the month; for an unusual day, that day"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("share", "Share"), ("amount", "Amount"), ("day", "unusual day")],
                        max_length=6,
                    ),
                ),
                (
                    "level",
                    models.BigIntegerField(
                        help_text="percent, micro-dollars, or what is usual at most for a day"
                    ),
                ),
                ("spent_micros", models.BigIntegerField(help_text="when it was seen")),
                ("cap_micros", models.BigIntegerField(help_text="the month's budget then", null=True)),
                ("created", models.DateTimeField()),
                ("mailed", models.DateTimeField(help_text="when the letters went out", null=True)),
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("mailed__isnull", True)),
                        fields=["created"],
                        name="warnings_to_mail",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="billing_spendwarning_of_tenant"),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "day"), _negated=True),
                        fields=("tenant", "period", "kind", "level"),
                        name="warned_once_of_a_level",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "day")),
                        fields=("tenant", "period"),
                        name="warned_once_of_a_day",
                    ),
                ],
            },
        ),
        EnableRowLevelSecurity("spendalert"),
        EnableRowLevelSecurity("spendwarning"),
        migrations.RunSQL(
            f"REVOKE ALL ON billing_reconciliation FROM {APP}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON billing_reconciliation TO {APP}",
            hints={"model_name": "reconciliation"},
        ),
    ]
