"""The admin's pages of work."""

from agents.admin.executions import ExecutionAdmin
from agents.admin.learned import LessonAdmin, MemoryAdmin
from agents.admin.proposals import ProposalAdmin, ProposalTrialAdmin
from agents.admin.steps import StepAdmin

__all__ = [
    "ExecutionAdmin",
    "LessonAdmin",
    "MemoryAdmin",
    "ProposalAdmin",
    "ProposalTrialAdmin",
    "StepAdmin",
]
