"""What begins and ends a step as functions: planned once for each connection, and one message for what belongs together."""

from django.db import migrations

# Names without a schema: a tenant with a schema of its own works in its own tables. Each function locks or writes the
# execution's row first, and every statement after that sees what the one who held it before has left.
FUNCTIONS = """
CREATE FUNCTION agents_tell(of_execution uuid, kinds text[], told jsonb[]) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  of_tenant uuid;
  before bigint;
BEGIN
  UPDATE agents_execution e SET events = e.events + cardinality(kinds) WHERE e.id = of_execution AND e.finished IS NULL
  RETURNING e.tenant_id, old.events INTO of_tenant, before;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO agents_executionevent (id, tenant_id, execution_id, number, kind, data, created)
  SELECT uuidv7(), of_tenant, of_execution, before + event.place, event.kind, event.data, clock_timestamp()
  FROM unnest(kinds, told) WITH ORDINALITY AS event (kind, data, place);
  RETURN true;
END $$;

CREATE FUNCTION agents_claim(
  of_step uuid, by_owner text, lease interval, versions jsonb, OUT claimed boolean, OUT is_changed boolean)
LANGUAGE plpgsql AS $$
DECLARE
  execution record;
  step record;
  kinds text[] := '{}';
  told jsonb[] := '{}';
BEGIN
  claimed := false;
  is_changed := false;
  SELECT e.id, e.state, e.paused INTO execution FROM agents_execution e
  WHERE e.id = (SELECT s.execution_id FROM agents_step s WHERE s.id = of_step) FOR UPDATE;
  IF execution.paused IS NOT NULL THEN
    UPDATE agents_step s SET state = 'held', lease_owner = '', lease_until = NULL
    WHERE s.id = of_step AND (s.state = 'ready' AND s.run_after <= now() OR s.state = 'running' AND s.lease_until < now());
    RETURN;
  END IF;
  UPDATE agents_step s
  SET state = 'running', lease_owner = by_owner, lease_until = now() + lease, fence = s.fence + 1, attempt = s.attempt + 1,
    started = coalesce(s.started, now()), prompt_version = coalesce(versions ->> s.agent, s.prompt_version)
  WHERE s.id = of_step AND (s.state = 'ready' AND s.run_after <= now() OR s.state = 'running' AND s.lease_until < now())
  RETURNING s.tenant_id, s.key, s.agent, s.purpose, s.attempt, s.waits_for INTO step;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  claimed := true;
  is_changed := EXISTS (
    SELECT FROM agents_proposal p
    WHERE p.tenant_id = step.tenant_id AND p.agent = step.agent AND p.state IN ('adopted', 'rolling'));
  IF execution.state = 'pending' THEN
    UPDATE agents_execution e SET state = 'in_progress', started = clock_timestamp() WHERE e.id = execution.id;
    kinds := ARRAY['task_started'];
    told := ARRAY['{}'::jsonb];
  END IF;
  IF step.waits_for = '' THEN  -- one that looks again whether it can go on has started long ago
    kinds := kinds || 'agent_started'::text;
    told := told || jsonb_build_object(
      'step', step.key, 'agent', step.agent, 'purpose', step.purpose, 'attempt', step.attempt);
  END IF;
  IF cardinality(kinds) > 0 THEN
    PERFORM agents_tell(execution.id, kinds, told);
  END IF;
END $$;

CREATE FUNCTION agents_end(of_execution uuid, of_step uuid, by_fence bigint, as_values jsonb, told jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  IF NOT agents_tell(of_execution, ARRAY['agent_finished'], ARRAY[told]) THEN
    RETURN false;
  END IF;
  UPDATE agents_step s
  SET lease_owner = '', lease_until = NULL, state = v.state, finished = v.finished, success = coalesce(v.success, s.success),
    output = coalesce(v.output, s.output), data = coalesce(v.data, s.data), evidence = coalesce(v.evidence, s.evidence),
    suggestions = coalesce(v.suggestions, s.suggestions), error = coalesce(v.error, s.error),
    cause = coalesce(v.cause, s.cause), confidence = coalesce(v.confidence, s.confidence),
    execution_ms = coalesce(v.execution_ms, s.execution_ms), model = coalesce(v.model, s.model),
    decision_id = coalesce(v.decision_id, s.decision_id), calls = coalesce(v.calls, s.calls),
    tokens = coalesce(v.tokens, s.tokens), cost_micros = coalesce(v.cost_micros, s.cost_micros)
  FROM jsonb_to_record(as_values) AS v (
    state text, finished timestamptz, success boolean, output text, data jsonb, evidence jsonb, suggestions jsonb, error text,
    cause text, confidence numeric, execution_ms int, model text, decision_id uuid, calls int, tokens int, cost_micros bigint)
  WHERE s.id = of_step AND s.execution_id = of_execution AND s.fence = by_fence AND s.state = 'running';
  RETURN FOUND;
END $$;

-- What needs a step that was not done is skipped; only the leader goes on from it, to conclude or to plan anew.
CREATE FUNCTION agents_advance(of_execution uuid, leader text) RETURNS SETOF uuid
LANGUAGE plpgsql AS $$
DECLARE
  told jsonb[];
BEGIN
  LOOP
    WITH due AS (
      SELECT s.id FROM agents_step s WHERE s.execution_id = of_execution AND s.state = 'waiting' AND s.agent <> leader
        AND NOT EXISTS (
          SELECT FROM agents_step n WHERE n.execution_id = of_execution AND n.key = ANY(s.depends_on)
            AND n.state NOT IN ('completed', 'failed', 'skipped', 'cancelled'))
        AND EXISTS (
          SELECT FROM agents_step n WHERE n.execution_id = of_execution AND n.key = ANY(s.depends_on)
            AND n.state IN ('failed', 'skipped', 'cancelled'))),
    skipped AS (
      UPDATE agents_step s SET state = 'skipped', finished = clock_timestamp() FROM due WHERE s.id = due.id
      RETURNING s.key, s.agent, s.position)
    SELECT array_agg(jsonb_build_object('step', k.key, 'agent', k.agent) ORDER BY k.position) INTO told FROM skipped k;
    EXIT WHEN told IS NULL;
    PERFORM agents_tell(of_execution, array_fill('agent_skipped'::text, ARRAY[cardinality(told)]), told);
  END LOOP;
  RETURN QUERY
    WITH ready AS (
      UPDATE agents_step s SET state = 'ready', rung = now(), run_after = now()
      WHERE s.execution_id = of_execution AND s.state = 'waiting' AND NOT EXISTS (
        SELECT FROM agents_step n WHERE n.execution_id = of_execution AND n.key = ANY(s.depends_on)
          AND n.state NOT IN ('completed', 'failed', 'skipped', 'cancelled'))
      RETURNING s.id, s.position)
    SELECT r.id FROM ready r ORDER BY r.position;
END $$;
"""
GONE = """
DROP FUNCTION agents_advance(uuid, text);
DROP FUNCTION agents_end(uuid, uuid, bigint, jsonb, jsonb);
DROP FUNCTION agents_claim(uuid, text, interval, jsonb);
DROP FUNCTION agents_tell(uuid, text[], jsonb[]);
"""


class Migration(migrations.Migration):
    dependencies = [("agents", "0011_questions_have_a_role")]

    operations = [migrations.RunSQL(FUNCTIONS, GONE)]
