"""What tenants want to be asked about beforehand."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenants.owned
from miosa.pg.row_security import EnableRowLevelSecurity


class Migration(migrations.Migration):
    dependencies = [
        ("deployments", "0002_projects_and_deployments"),
        ("tenants", "0004_second_factor_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalPolicy",
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
                            ("spend", "what one execution may cost"),
                            ("tool", "tools that agents use"),
                            ("deploy", "deployments"),
                            ("message", "what is said to somebody outside"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "asks",
                    models.BooleanField(
                        default=True, help_text="off: nobody is asked about effects of this kind"
                    ),
                ),
                (
                    "above_micros",
                    models.BigIntegerField(
                        help_text="asked above it; of spend, and of a tool's cost", null=True
                    ),
                ),
                (
                    "tool_kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10),
                        default=list,
                        help_text="asked for tools that ...",
                        size=None,
                    ),
                ),
                (
                    "environments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10),
                        default=list,
                        help_text="asked for these",
                        size=None,
                    ),
                ),
                (
                    "waits_s",
                    models.PositiveIntegerField(default=86400, help_text="so long an answer is waited for"),
                ),
                ("created_by", models.CharField(max_length=60)),
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
                "verbose_name_plural": "approval policies",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "id"), name="deployments_approvalpolicy_of_tenant"
                    ),
                    models.UniqueConstraint(fields=("tenant", "kind"), name="one_approval_policy_per_kind"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("above_micros__isnull", True), ("above_micros__gte", 0), _connector="OR"
                        ),
                        name="approval_above_not_negative",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("waits_s__gte", 60)), name="approval_waits_a_minute"
                    ),
                ],
            },
        ),
        EnableRowLevelSecurity("approvalpolicy"),
    ]
