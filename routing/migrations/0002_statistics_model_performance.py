"""How each model has done on each kind of task, by tenant, and what it has used."""

from django.db import migrations

from miosa.pg.materialized_view import MaterializedView

# Judged requests come from outcomes, what was used from the calls: a failed call has tokens, but nothing to judge.
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
  SELECT tenant_id, model, task_kind, count(*) AS requests, count(*) FILTER (WHERE success) AS successes,
    avg(confidence)::float8 AS mean_confidence
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


class Migration(migrations.Migration):
    dependencies = [("routing", "0001_decisions_calls_and_outcomes")]
    operations = [MaterializedView("model_performance", QUERY, unique=["tenant_id", "model", "task_kind"])]
