"""The admin's pages of work."""

from agents.admin.executions import ExecutionAdmin
from agents.admin.learned import LessonAdmin
from agents.admin.memories import MemoryAdmin
from agents.admin.proposals import ProposalAdmin, ProposalTrialAdmin
from agents.admin.schedules import ScheduleAdmin, ScheduleFiringAdmin
from agents.admin.steps import StepAdmin
from agents.admin.tool_rules import ToolRuleAdmin
from agents.admin.tools import ArtefactAdmin, McpServerAdmin, ToolUseAdmin

__all__ = [
    "ArtefactAdmin",
    "ExecutionAdmin",
    "LessonAdmin",
    "McpServerAdmin",
    "MemoryAdmin",
    "ProposalAdmin",
    "ProposalTrialAdmin",
    "ScheduleAdmin",
    "ScheduleFiringAdmin",
    "StepAdmin",
    "ToolRuleAdmin",
    "ToolUseAdmin",
]
