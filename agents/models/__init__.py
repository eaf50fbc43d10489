"""Tables of what was asked and how it went."""

from agents.models.artefact import Artefact
from agents.models.event import ExecutionEvent
from agents.models.execution import Execution
from agents.models.lesson import Lesson
from agents.models.mcp_server import McpServer
from agents.models.memory import Memory
from agents.models.memory_vector import MemoryVector
from agents.models.proposal import Proposal
from agents.models.proposal_trial import ProposalTrial
from agents.models.schedule import Schedule, ScheduleFiring
from agents.models.step import Step
from agents.models.tool_rule import ToolRule
from agents.models.tool_use import ToolUse

__all__ = [
    "Artefact",
    "Execution",
    "ExecutionEvent",
    "Lesson",
    "McpServer",
    "Memory",
    "MemoryVector",
    "Proposal",
    "ProposalTrial",
    "Schedule",
    "ScheduleFiring",
    "Step",
    "ToolRule",
    "ToolUse",
]
