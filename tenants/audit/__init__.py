"""The audit log: who did what, when, where from, and what was there before and after."""

from tenants.audit.actor import acting_as, current_actor
from tenants.audit.recording import record, record_platform

__all__ = ["acting_as", "current_actor", "record", "record_platform"]
