"""What billing compares with the calls that were made: each winner costs what its ledger entry says, and no other does."""

from billing import margin
from billing.verification import Comparison, register

# The entries of a call that was made in this very moment and of its row commit together.
MODEL_CALLS = Comparison(
    "model calls and their entries",
    ("model_calls", "ledger"),
    """SELECT (SELECT coalesce(sum(cost_micros), 0) FROM routing_modelcall WHERE winner),
         (SELECT coalesce(sum(cost_micros), 0) FROM billing_ledgerentry WHERE source = 'model_call')""",
    """SELECT coalesce(c.tenant_id, e.tenant_id),
         'call ' || coalesce(c.id::text, e.source_id) || ' of ' || to_char(coalesce(c.created, e.created) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:00'),
         coalesce(c.cost_micros, 0), coalesce(e.cost_micros, 0)
       FROM (SELECT tenant_id, id, id::text AS source_id, created, CASE WHEN winner THEN cost_micros ELSE 0 END AS cost_micros
             FROM routing_modelcall) c
       FULL JOIN (SELECT tenant_id, source_id, created, cost_micros FROM billing_ledgerentry WHERE source = 'model_call') e
         ON e.tenant_id = c.tenant_id AND e.source_id = c.source_id
       WHERE coalesce(c.cost_micros, 0) <> coalesce(e.cost_micros, 0)""",
)


# Every try costs, also the one whose answer was not used.
PROVIDERS = """
SELECT tenant_id, sum(cost_micros)::bigint FROM routing_modelcall WHERE created >= %s AND created < %s GROUP BY 1"""


def compare() -> None:
    """Let `manage.py ledger verify` look at them."""
    register(MODEL_CALLS)
    margin.register("models", PROVIDERS)
