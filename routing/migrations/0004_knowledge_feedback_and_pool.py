"""Tables of what decisions were made from, of what people and judges said, of the pool, and of what was fitted."""

import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import tenants.owned
from miosa.pg.composite import CompositeForeignKey
from miosa.pg.row_security import EnableRowLevelSecurity
from miosa.pg.together import together

# One for everybody: the migrations of a tenant's own schema pass by here as well.
POOL = """
CREATE TABLE IF NOT EXISTS public.routing_pooledcell (
  id text PRIMARY KEY, task_kind varchar(16) NOT NULL, model varchar(80) NOT NULL,
  requests bigint NOT NULL CHECK (requests >= 0), successes numeric(16, 4) NOT NULL CHECK (successes >= 0));
REVOKE ALL ON public.routing_pooledcell FROM miosa_app;
GRANT SELECT ON public.routing_pooledcell TO miosa_app
"""


@together
class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0003_outcomes_by_source"),
        ("tenants", "0004_second_factor_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Calibration",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("agent", models.CharField(max_length=20)),
                ("intercept", models.FloatField(default=0)),
                ("slope", models.FloatField(default=1)),
                ("labels", models.PositiveIntegerField(help_text="how many judged answers it rests on")),
                ("ece_before", models.FloatField()),
                ("ece_after", models.FloatField()),
                ("brier_before", models.FloatField()),
                ("brier_after", models.FloatField()),
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
                    models.Index(fields=["tenant", "agent", "-created"], name="calibrations_by_agent"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="routing_calibration_of_tenant"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Feedback",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "value",
                    models.DecimalField(decimal_places=4, help_text="0 (bad) to 1 (good)", max_digits=5),
                ),
                (
                    "scale",
                    models.CharField(
                        choices=[("boolean", "good or bad"), ("score", "0 to 10")], max_length=8
                    ),
                ),
                ("comment", models.TextField(blank=True)),
                (
                    "demonstration",
                    models.TextField(blank=True, help_text="what a good answer would have been"),
                ),
                ("given_by", models.CharField(max_length=80)),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "decision",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feedback",
                        to="routing.decision",
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
                "verbose_name_plural": "feedback",
                "abstract": False,
                "indexes": [
                    models.Index(fields=["tenant", "-created"], name="feedback_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="routing_feedback_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "decision"), name="one_feedback_per_decision"),
                    models.CheckConstraint(
                        condition=models.Q(("value__gte", 0), ("value__lte", 1)), name="feedback_0_to_1"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Judgement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("judged", "judged"),
                            ("skipped", "skipped"),
                            ("failed", "failed"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("question", models.TextField(blank=True)),
                ("answer", models.TextField(blank=True)),
                ("judge", models.CharField(blank=True, help_text="the model that judged", max_length=80)),
                ("judge_decision", models.UUIDField(null=True)),
                ("score", models.DecimalField(decimal_places=4, help_text="0 to 1", max_digits=5, null=True)),
                ("reason", models.TextField(blank=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("rung", models.DateTimeField(null=True)),
                ("finished", models.DateTimeField(null=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "decision",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="judgements",
                        to="routing.decision",
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
                    models.Index(fields=["tenant", "-created"], name="judgements_by_time"),
                    models.Index(
                        condition=models.Q(("state", "queued")), fields=["created"], name="judgements_queued"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="routing_judgement_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "decision"), name="one_judgement_per_decision"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("score__isnull", True),
                            models.Q(("score__gte", 0), ("score__lte", 1)),
                            _connector="OR",
                        ),
                        name="judgement_0_to_1",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Knowledge",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.CharField(max_length=40)),
                ("catalog_digest", models.CharField(max_length=64)),
                ("content", models.JSONField(help_text="tallies, pool, weights, rules, providers")),
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
                "verbose_name_plural": "knowledge",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="routing_knowledge_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "version"), name="one_knowledge_per_version"),
                ],
            },
        ),
        migrations.CreateModel(
            name="KnownCatalog",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("content", models.JSONField(help_text="as in catalog.toml")),
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
                    models.UniqueConstraint(fields=("tenant", "id"), name="routing_knowncatalog_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "digest"), name="one_catalog_per_digest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Policy",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "weights",
                    models.JSONField(
                        blank=True, help_text="by mode, then by node; each mode sums to 1", null=True
                    ),
                ),
                (
                    "most_explored",
                    models.FloatField(
                        default=0.1, help_text="share of decisions that may try another model, 0 to 1"
                    ),
                ),
                (
                    "gives_counts",
                    models.BooleanField(
                        default=True, help_text="its counts (never its texts) help others begin"
                    ),
                ),
                (
                    "takes_counts",
                    models.BooleanField(default=True, help_text="it begins with what others' counts say"),
                ),
                (
                    "judge_share",
                    models.FloatField(
                        default=0, help_text="share of answers that a stronger model judges, 0 to 1"
                    ),
                ),
                ("changed", models.DateTimeField(auto_now=True)),
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
                "verbose_name_plural": "policies",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="routing_policy_of_tenant"),
                    models.UniqueConstraint(fields=("tenant",), name="one_policy_per_tenant"),
                    models.CheckConstraint(
                        condition=models.Q(("most_explored__gte", 0), ("most_explored__lte", 1)),
                        name="most_explored_0_to_1",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("judge_share__gte", 0), ("judge_share__lte", 1)),
                        name="judge_share_0_to_1",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PoolShare",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("task_kind", models.CharField(max_length=16)),
                ("model", models.CharField(max_length=80)),
                ("requests", models.PositiveBigIntegerField()),
                ("successes", models.DecimalField(decimal_places=4, max_digits=16)),
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
                    models.UniqueConstraint(fields=("tenant", "id"), name="routing_poolshare_of_tenant"),
                    models.UniqueConstraint(
                        fields=("tenant", "task_kind", "model"), name="one_pool_share_per_cell"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PromptFit",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.CharField(max_length=40)),
                (
                    "content",
                    models.TextField(
                        help_text="the model, compressed, as base64; empty where it is not used"
                    ),
                ),
                ("rows", models.PositiveIntegerField(help_text="judged decisions it was fitted on")),
                (
                    "evidence",
                    models.JSONField(default=dict, help_text="what it gained on decisions it had not seen"),
                ),
                ("active", models.BooleanField(default=False)),
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
                    models.Index(fields=["tenant", "-created"], name="prompt_fits_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "id"), name="routing_promptfit_of_tenant"),
                    models.UniqueConstraint(fields=("tenant", "version"), name="one_prompt_fit_per_version"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PooledCell",
            fields=[
                ("id", models.TextField(help_text="task kind and model", primary_key=True, serialize=False)),
                ("task_kind", models.CharField(max_length=16)),
                ("model", models.CharField(max_length=80)),
                ("requests", models.PositiveBigIntegerField()),
                ("successes", models.DecimalField(decimal_places=4, max_digits=16)),
            ],
            options={"db_table": '"public"."routing_pooledcell"', "managed": False},
        ),
        migrations.RunSQL(POOL, "DROP TABLE IF EXISTS public.routing_pooledcell"),
        EnableRowLevelSecurity("calibration"),
        EnableRowLevelSecurity("feedback"),
        EnableRowLevelSecurity("judgement"),
        EnableRowLevelSecurity("knowledge"),
        EnableRowLevelSecurity("knowncatalog"),
        EnableRowLevelSecurity("policy"),
        EnableRowLevelSecurity("poolshare"),
        EnableRowLevelSecurity("promptfit"),
        CompositeForeignKey("feedback", "decision", to="routing.Decision", on_delete="CASCADE"),
        CompositeForeignKey("judgement", "decision", to="routing.Decision", on_delete="CASCADE"),
    ]
