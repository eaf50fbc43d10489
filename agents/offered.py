"""What may be asked of a tenant's own records in SQL: by the name it is asked under, the real table and its columns; pure.

The database holds the same: `miosa_reader`, as whom questions are asked, reads these columns and nothing else. Who
changes the list adds a migration that says `OfferToReader(RIGHTS)` once more.
"""

from collections.abc import Mapping

TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "executions": (
        "agents_execution",
        ("id", "request", "mode", "state", "cause", "plan_source", "confidence", "cost_micros", "error", "created",
         "started", "finished"),
    ),
    "steps": (
        "agents_step",
        ("id", "execution_id", "key", "agent", "purpose", "state", "success", "confidence", "execution_ms", "model",
         "calls", "tokens", "cost_micros", "errors", "error", "prompt_version", "created", "started", "finished"),
    ),
    "lessons": ("agents_lesson", ("id", "step_id", "agent", "confidence", "state", "cause", "proposal", "created")),
    "tool_uses": (
        "agents_tooluse",
        ("id", "execution_id", "step_id", "tool", "effect", "state", "took_ms", "created", "finished"),
    ),
    "model_calls": (
        "routing_modelcall",
        ("id", "decision_id", "model", "provider", "status", "input_tokens", "output_tokens", "cost_micros",
         "latency_ms", "winner", "created"),
    ),
    "ledger": ("billing_ledgerentry", ("id", "meter", "quantity", "cost_micros", "description", "created")),
    "deployments": (
        "deployments_deployment",
        ("id", "service_id", "release_id", "state", "kind", "strategy", "reason", "created"),
    ),
}  # fmt: skip
COLUMNS = {name: columns for name, (_, columns) in TABLES.items()}
RIGHTS = dict(TABLES.values())
