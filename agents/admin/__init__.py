"""The admin's pages of work."""

from agents.admin.executions import ExecutionAdmin
from agents.admin.learned import LessonAdmin, MemoryAdmin
from agents.admin.schedules import ScheduleAdmin, ScheduleFiringAdmin
from agents.admin.steps import StepAdmin

__all__ = [
    "ExecutionAdmin",
    "LessonAdmin",
    "MemoryAdmin",
    "ScheduleAdmin",
    "ScheduleFiringAdmin",
    "StepAdmin",
]
