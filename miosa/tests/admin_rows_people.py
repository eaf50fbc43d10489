"""Rows of what people set up beforehand, for the admin's tests: a schedule that rests, what came of a due time, a policy."""

from typing import Any

from django.utils import timezone

from agents.models import Schedule, ScheduleFiring
from deployments.models import ApprovalPolicy


def asked_again(number: int, *, execution_id: Any) -> Schedule:
    """Write a schedule with one firing that opened an execution."""
    row: Schedule = Schedule.objects.create(
        name=f"news {number}", request="Tell what is new", interval_s=3600, enabled=False, created_by="user:1"
    )
    ScheduleFiring.objects.create(
        schedule=row, due=timezone.now(), state="opened", requested_by="user:1", execution_id=execution_id
    )
    kind = ApprovalPolicy.Kind.values[number % len(ApprovalPolicy.Kind.values)]
    ApprovalPolicy.objects.get_or_create(
        kind=kind, defaults={"created_by": "user:1", "tool_kinds": ["writes"]}
    )
    return row
