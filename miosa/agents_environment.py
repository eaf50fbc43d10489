"""The variables of agents at work: where an execution stops by itself, whose tools they use, what memories are compared by."""

from dataclasses import dataclass

from miosa import variable_checks as check
from miosa.variable_field import variable


@dataclass(frozen=True, kw_only=True)
class AgentsEnvironment:
    """What `Environment` knows about agents: tokens, steps and seconds of work that an execution may use; the servers of
    tools; the embeddings model of memories; how agents improve.

    Of a proposal: stored steps replayed at each look, US cents that a look may cost, per cent of new executions in a rollout.
    """

    execution_tokens: int = variable("MIOSA_EXECUTION_TOKENS", check.number(1_000, 1_000_000_000), 2_000_000)
    execution_steps: int = variable("MIOSA_EXECUTION_STEPS", check.number(3, 1_000), 40)
    execution_work_s: int = variable("MIOSA_EXECUTION_WORK_S", check.number(10, 2_592_000), 21_600)
    execution_depth: int = variable("MIOSA_EXECUTION_DEPTH", check.number(0, 10), 3)
    mcp_file: str = variable("MIOSA_MCP_FILE", check.file)
    memory_model: str = variable("MIOSA_MEMORY_MODEL", check.model_name, "all-MiniLM-L6-v2")
    improvement_replays: int = variable("MIOSA_IMPROVEMENT_REPLAYS", check.number(6, 200), 12)
    improvement_cents: int = variable("MIOSA_IMPROVEMENT_CENTS", check.number(0, 10_000), 10)
    improvement_percent: int = variable("MIOSA_IMPROVEMENT_PERCENT", check.number(1, 100), 25)
