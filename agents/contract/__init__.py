"""What an agent is given, what it may use and what it answers; everything here is a plain value."""

from agents.contract.answers import CodeRun, Embed, Freight, ProgramRun, Recollection, Reply, Shipment
from agents.contract.errors import CodeRunUnavailable, ModelUnavailable, NotYet
from agents.contract.task import Context, Evidence, Handover, Result, Shipping, Task
from agents.contract.tools import CHECK, Effect, Offered, Returned, Turn, Use
from agents.contract.workbench import Agent, Profile, Workbench

__all__ = [
    "CHECK",
    "Agent",
    "CodeRun",
    "CodeRunUnavailable",
    "Context",
    "Effect",
    "Embed",
    "Evidence",
    "Freight",
    "Handover",
    "ModelUnavailable",
    "NotYet",
    "Offered",
    "Profile",
    "ProgramRun",
    "Recollection",
    "Reply",
    "Result",
    "Returned",
    "Shipment",
    "Shipping",
    "Task",
    "Turn",
    "Use",
    "Workbench",
]
