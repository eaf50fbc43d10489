"""Tasks that are handed in again and again, and executions that are held for a person's word."""

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
        ("agents", "0005_hybrid_memory"),
        ("tenants", "0004_second_factor_tables"),
    ]

    operations = [
        migrations.AddField(
            model_name="execution",
            name="approval_id",
            field=models.UUIDField(
                help_text="the word of a person that its steps wait for, where one is needed", null=True
            ),
        ),
        migrations.AlterField(
            model_name="execution",
            name="cause",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "None"),
                    ("error", "a step could not be done"),
                    ("cancelled", "somebody cancelled it"),
                    ("money", "its money was used up"),
                    ("tokens", "it used more tokens than one execution may"),
                    ("steps", "it has more steps than one execution may"),
                    ("time", "it worked for longer than one execution may"),
                    ("repeats", "it did the same thing again and again"),
                    ("refused", "the person who was asked did not say yes"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="step",
            name="cause",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "None"),
                    ("error", "a step could not be done"),
                    ("cancelled", "somebody cancelled it"),
                    ("money", "its money was used up"),
                    ("tokens", "it used more tokens than one execution may"),
                    ("steps", "it has more steps than one execution may"),
                    ("time", "it worked for longer than one execution may"),
                    ("repeats", "it did the same thing again and again"),
                    ("refused", "the person who was asked did not say yes"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("request", models.TextField()),
                ("parameters", models.JSONField(default=dict)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("speed", "Speed"),
                            ("quality", "Quality"),
                            ("cost", "Cost"),
                            ("balance", "Balance"),
                        ],
                        default="balance",
                        max_length=8,
                    ),
                ),
                ("conversation", models.CharField(blank=True, max_length=80)),
                (
                    "deploy",
                    models.BooleanField(default=False, help_text="whether the result shall go online"),
                ),
                (
                    "target",
                    models.CharField(default="local", help_text="where to, if it shall", max_length=20),
                ),
                (
                    "environment",
                    models.CharField(
                        choices=[
                            ("preview", "Preview"),
                            ("staging", "Staging"),
                            ("production", "Production"),
                        ],
                        default="preview",
                        max_length=10,
                    ),
                ),
                (
                    "most_micros",
                    models.BigIntegerField(
                        help_text="the most one run may cost; the plan's without", null=True
                    ),
                ),
                (
                    "cron",
                    models.CharField(blank=True, help_text="minute hour day month weekday", max_length=120),
                ),
                (
                    "interval_s",
                    models.PositiveIntegerField(help_text="seconds from one run to the next", null=True),
                ),
                (
                    "timezone",
                    models.CharField(
                        default="UTC", help_text="in which the expression is read", max_length=64
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                (
                    "missed",
                    models.CharField(
                        choices=[
                            ("once", "one run stands for all that were missed"),
                            ("skip", "what was missed is not made up for"),
                        ],
                        default="once",
                        max_length=4,
                    ),
                ),
                (
                    "overlap",
                    models.CharField(
                        choices=[
                            ("skip", "no run while the last one is under way"),
                            ("allow", "runs may be under way at once"),
                        ],
                        default="skip",
                        max_length=5,
                    ),
                ),
                ("next_due", models.DateTimeField(null=True)),
                ("last_fired", models.DateTimeField(null=True)),
                ("rung", models.DateTimeField(help_text="when a message was last sent for it", null=True)),
                (
                    "created_by",
                    models.CharField(help_text="user:<id> or key:<id>, for whom it runs", max_length=60),
                ),
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("enabled", True)), fields=["next_due"], name="schedules_due"
                    ),
                    models.Index(fields=["tenant", "-created"], name="schedules_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="agents_schedule_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "name"), name="schedule_name_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cron", ""), ("interval_s__gt", 0)),
                            models.Q(models.Q(("cron", ""), _negated=True), ("interval_s__isnull", True)),
                            _connector="OR",
                        ),
                        name="schedule_by_cron_or_interval",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("enabled", True), ("next_due__isnull", False)),
                            models.Q(("enabled", False), ("next_due__isnull", True)),
                            _connector="OR",
                        ),
                        name="enabled_schedule_is_due",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScheduleFiring",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("due", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("opened", "an execution was opened"),
                            ("refused", "the task was not accepted"),
                            ("skipped", "the last run was still under way"),
                            ("missed", "it was noticed too late"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "by_hand",
                    models.BooleanField(default=False, help_text="whether somebody asked for it now"),
                ),
                ("requested_by", models.CharField(max_length=60)),
                ("execution_id", models.UUIDField(null=True)),
                (
                    "stands_for",
                    models.PositiveIntegerField(default=1, help_text="due times that it stands for"),
                ),
                (
                    "reason",
                    models.CharField(blank=True, help_text="why no execution was opened", max_length=500),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "schedule",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="firings",
                        to="agents.schedule",
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
                "indexes": [
                    models.Index(fields=["tenant", "schedule", "-created"], name="firings_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="agents_schedulefiring_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "schedule", "due"), name="schedule_fires_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("execution_id__isnull", False), ("state", "opened")),
                            models.Q(
                                models.Q(("state", "opened"), _negated=True), ("execution_id__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="opened_firing_has_execution",
                    ),
                ],
            },
        ),
        EnableRowLevelSecurity("schedule"),
        EnableRowLevelSecurity("schedulefiring"),
        CompositeForeignKey("schedulefiring", "schedule", to="agents.Schedule", on_delete="CASCADE"),
    ]
