"""How each agent has done, by tenant."""

from django.db import migrations

from miosa.pg.materialized_view import MaterializedView

# The same rows count as in agents.registry: steps that ended in a result or in an error.
QUERY = """
SELECT tenant_id::text || ':' || agent AS id, tenant_id, agent,
  count(*) AS total,
  count(*) FILTER (WHERE success) AS successes,
  avg(confidence)::float8 AS mean_confidence,
  avg(execution_ms)::float8 AS mean_ms,
  max(finished) AS last_finished
FROM public.agents_step
WHERE state IN ('completed', 'failed')
GROUP BY tenant_id, agent
"""


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_executions_steps_and_memory")]
    operations = [MaterializedView("agent_performance", QUERY, unique=["tenant_id", "agent"])]
