"""What stands above a step: its execution, which is locked before the step is claimed or written."""

from typing import NamedTuple
from uuid import UUID

from agents.models import Execution

ABOVE = """
SELECT e.*, s.agent AS step_agent, EXISTS (
  SELECT FROM agents_proposal p WHERE p.tenant_id = s.tenant_id AND p.agent = s.agent AND p.state IN ('adopted', 'rolling')
) AS step_changed
FROM agents_step s JOIN agents_execution e ON e.id = s.execution_id WHERE s.id = %s FOR UPDATE OF e"""


class Above(NamedTuple):
    """The execution of a step, the kind of the step's agent, and whether changes of that agent may be in force."""

    execution: Execution
    agent: str
    is_changed: bool


def above(step_id: UUID) -> Above | None:
    """Lock the execution of a step and return what is needed before it is claimed; None where there is no such step."""
    for row in Execution.objects.raw(ABOVE, [step_id]):
        beside = vars(row)
        return Above(row, beside["step_agent"], beside["step_changed"])
    return None
