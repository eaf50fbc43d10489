"""The admin's pages of work."""

from agents.admin.executions import ExecutionAdmin
from agents.admin.learned import LessonAdmin
from agents.admin.memories import MemoryAdmin
from agents.admin.steps import StepAdmin

__all__ = ["ExecutionAdmin", "LessonAdmin", "MemoryAdmin", "StepAdmin"]
