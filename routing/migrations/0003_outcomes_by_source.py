"""Outcomes say who speaks and what that adds; decisions hold what it takes to make them again."""

import importlib

import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models

from miosa.pg.materialized_view import DropMaterializedView, MaterializedView
from miosa.pg.together import together

BEFORE = importlib.import_module("routing.migrations.0002_statistics_model_performance").QUERY

# Requests and successes are sums now: a correction adds no request, and may take a success away.
QUERY = """
SELECT tenant_id::text || ':' || task_kind || ':' || model AS id, tenant_id, model, task_kind,
  coalesce(used.provider, '') AS provider,
  coalesce(judged.requests, 0) AS requests,
  coalesce(judged.successes, 0) AS successes,
  judged.mean_confidence,
  used.mean_latency_ms,
  coalesce(used.calls, 0) AS calls,
  coalesce(used.tokens, 0)::bigint AS tokens,
  coalesce(used.cost_micros, 0)::bigint AS cost_micros
FROM (
  SELECT tenant_id, model, task_kind, sum(counts) AS requests, round(sum(credit))::bigint AS successes,
    (avg(confidence) FILTER (WHERE source = 'checks'))::float8 AS mean_confidence
  FROM public.routing_outcome GROUP BY tenant_id, model, task_kind) judged
FULL JOIN (
  SELECT c.tenant_id, c.model, d.task_kind, max(c.provider) AS provider, count(*) AS calls,
    (avg(c.latency_ms) FILTER (WHERE c.winner))::float8 AS mean_latency_ms,
    sum(c.input_tokens + c.output_tokens) AS tokens, sum(c.cost_micros) AS cost_micros
  FROM public.routing_modelcall c
  JOIN public.routing_decision d ON d.tenant_id = c.tenant_id AND d.id = c.decision_id
  GROUP BY c.tenant_id, c.model, d.task_kind) used
USING (tenant_id, model, task_kind)
"""


@together
class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0002_statistics_model_performance"),
    ]

    operations = [
        DropMaterializedView("model_performance", BEFORE, unique=["tenant_id", "model", "task_kind"]),
        migrations.RemoveConstraint(
            model_name="outcome",
            name="one_outcome_per_decision",
        ),
        migrations.RemoveConstraint(
            model_name="promotion",
            name="one_evaluation_per_hundred",
        ),
        migrations.AddField(
            model_name="decision",
            name="draw",
            field=models.SmallIntegerField(
                help_text="place in the prepared draws; empty: the best by the rules", null=True
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="order",
            field=models.JSONField(
                default=list, help_text="everybody who may answer: the way of the fallback"
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="prompt",
            field=models.JSONField(
                help_text="what the prompt itself changed: the fit that was asked, and the shift of each model",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="shared_from",
            field=models.UUIDField(help_text="the similar task whose selection this one shares", null=True),
        ),
        migrations.AddField(
            model_name="decision",
            name="topic",
            field=models.CharField(
                blank=True, help_text="a part of the kind that is learned apart", max_length=40
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="traits",
            field=models.TextField(blank=True, help_text="the prompt's countable features, no words"),
        ),
        migrations.AddField(
            model_name="outcome",
            name="counts",
            field=models.SmallIntegerField(
                default=1, help_text="1: the first word on this decision; 0: a correction"
            ),
        ),
        migrations.AddField(
            model_name="outcome",
            name="credit",
            field=models.DecimalField(
                decimal_places=4, default=0, help_text="what it adds to the successes", max_digits=5
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="outcome",
            name="source",
            field=models.CharField(
                choices=[("checks", "checks"), ("judge", "judge"), ("feedback", "feedback")],
                default="checks",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="outcome",
            name="topic",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="outcome",
            name="transaction",
            field=models.BigIntegerField(
                db_default=django.db.models.functions.comparison.Cast(
                    django.db.models.functions.comparison.Cast(
                        models.Func(function="pg_current_xact_id"), models.TextField()
                    ),
                    models.BigIntegerField(),
                ),
                editable=False,
            ),
        ),
        migrations.AddField(
            model_name="outcome",
            name="verdict",
            field=models.DecimalField(
                decimal_places=4, default=0, help_text="0 to 1, as this source says", max_digits=5
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(
            "UPDATE routing_outcome SET verdict = success::int, credit = success::int", migrations.RunSQL.noop
        ),
        migrations.AddField(
            model_name="promotion",
            name="actor",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="promotion",
            name="area",
            field=models.CharField(blank=True, help_text="kind of task, or kind/topic", max_length=60),
        ),
        migrations.AddField(
            model_name="promotion",
            name="details",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="promotion",
            name="discount",
            field=models.FloatField(
                help_text="a shift: what evidence before `since` still counts", null=True
            ),
        ),
        migrations.AddField(
            model_name="promotion",
            name="high",
            field=models.FloatField(help_text="upper end of it", null=True),
        ),
        migrations.AddField(
            model_name="promotion",
            name="kind",
            field=models.CharField(
                choices=[
                    ("evaluation", "evaluation"),
                    ("overtaking", "overtaking"),
                    ("shift", "shift"),
                    ("weights", "weights"),
                    ("prompts", "prompts"),
                    ("reversal", "reversal"),
                ],
                default="evaluation",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="promotion",
            name="low",
            field=models.FloatField(help_text="lower end of the 95 % interval of the rate", null=True),
        ),
        migrations.AddField(
            model_name="promotion",
            name="over",
            field=models.CharField(blank=True, help_text="the model that was overtaken", max_length=80),
        ),
        migrations.AddField(
            model_name="promotion",
            name="reverts",
            field=models.UUIDField(help_text="the row that this one takes back", null=True),
        ),
        migrations.AddField(
            model_name="promotion",
            name="scoreboard_after",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="promotion",
            name="since",
            field=models.UUIDField(help_text="a shift: the first outcome that counts in full", null=True),
        ),
        migrations.AlterField(
            model_name="outcome",
            name="decision",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="outcomes",
                to="routing.decision",
            ),
        ),
        migrations.AlterField(
            model_name="outcome",
            name="success",
            field=models.BooleanField(help_text="the verdict of this source, at one half or above"),
        ),
        migrations.AlterField(
            model_name="promotion",
            name="improved",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="promotion",
            name="model",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AlterField(
            model_name="promotion",
            name="rate",
            field=models.FloatField(default=0, help_text="successes / requests, 0 to 1"),
        ),
        migrations.AlterField(
            model_name="promotion",
            name="requests",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="promotion",
            name="scoreboard_version",
            field=models.CharField(blank=True, help_text="the scoreboard before", max_length=40),
        ),
        migrations.AlterField(
            model_name="promotion",
            name="successes",
            field=models.DecimalField(decimal_places=4, default=0, max_digits=14),
        ),
        migrations.RemoveIndex(model_name="outcome", name="outcomes_by_cell"),
        migrations.AddIndex(
            model_name="outcome",
            index=models.Index(
                fields=["tenant", "model", "task_kind", "topic", "-id"],
                include=["counts", "credit"],
                name="outcomes_of_cell",
            ),
        ),
        migrations.AddIndex(
            model_name="outcome",
            index=models.Index(fields=["tenant", "transaction"], name="outcomes_by_transaction"),
        ),
        migrations.AddIndex(
            model_name="promotion",
            index=models.Index(fields=["tenant", "-created"], name="promotions_by_time"),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.UniqueConstraint(
                fields=("tenant", "decision", "source"), name="one_outcome_per_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__gte", 0), ("verdict__lte", 1)), name="verdict_0_to_1"
            ),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.CheckConstraint(
                condition=models.Q(("counts__in", [0, 1])), name="outcome_counts_0_or_1"
            ),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.CheckConstraint(
                condition=models.Q(("credit__gte", -1), ("credit__lte", 1)), name="credit_within_1"
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "evaluation")),
                fields=("tenant", "model", "requests"),
                name="one_evaluation_per_hundred",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverts__isnull", False)),
                fields=("tenant", "reverts"),
                name="taken_back_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("discount__isnull", True),
                    models.Q(("discount__gte", 0), ("discount__lte", 1)),
                    _connector="OR",
                ),
                name="promotion_discount_0_to_1",
            ),
        ),
        MaterializedView("model_performance", QUERY, unique=["tenant_id", "model", "task_kind"]),
    ]
