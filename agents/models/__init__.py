"""Tables of what was asked and how it went."""

from agents.models.event import ExecutionEvent
from agents.models.execution import Execution
from agents.models.lesson import Lesson
from agents.models.memory import Memory
from agents.models.proposal import Proposal
from agents.models.proposal_trial import ProposalTrial
from agents.models.step import Step

__all__ = ["Execution", "ExecutionEvent", "Lesson", "Memory", "Proposal", "ProposalTrial", "Step"]
