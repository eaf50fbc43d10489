"""Tables of what was asked and how it went."""

from agents.models.event import ExecutionEvent
from agents.models.execution import Execution
from agents.models.lesson import Lesson
from agents.models.memory import Memory
from agents.models.memory_vector import MemoryVector
from agents.models.step import Step

__all__ = ["Execution", "ExecutionEvent", "Lesson", "Memory", "MemoryVector", "Step"]
