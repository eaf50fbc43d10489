"""Tasks that are handed in again and again; the only writer of Schedule and ScheduleFiring.

A firing is one transaction: the schedule's row is locked, the execution is opened with its money, the firing is
written, and what is due next. Whoever dies in between has done nothing, and who comes second finds nothing due.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from agents import submission, timetable
from agents.models import Execution, Schedule, ScheduleFiring
from agents.timetable import Cron, Interval, Passed, Timetable
from miosa.http.problem import Conflict, Forbidden, NotFound, Problem
from tenants import audit
from tenants.places import in_each_place
from tenants.rights_now import scopes_of

NEEDED = "tasks:write"
MOST_SCHEDULES = 200  # of one tenant
RING_S = 10.0  # an unanswered message is sent again after this long
ASKED = ("request", "parameters", "mode", "conversation", "deploy", "target", "environment")
WHEN = frozenset({"cron", "interval_s", "timezone", "enabled"})
Firing = ScheduleFiring.State

DUE = """
WITH due AS (
  SELECT s.id FROM agents_schedule s JOIN public.tenants_tenant t ON t.id = s.tenant_id AND t.active
  WHERE s.enabled AND s.next_due <= now() AND (s.rung IS NULL OR s.rung < now() - make_interval(secs => %s))
  ORDER BY s.next_due LIMIT %s FOR UPDATE OF s SKIP LOCKED)
UPDATE agents_schedule s SET rung = now() FROM due WHERE s.id = due.id RETURNING s.tenant_id, s.id"""


class NotAllowed(Forbidden):
    """Whoever a schedule runs for may not hand in tasks."""


def due(*, limit: int = 100) -> list[tuple[UUID, UUID]]:
    """Return (tenant, schedule) of what should be rung for, of all tenants, as the platform; in each place at most `limit`."""
    return [(tenant_id, schedule_id) for tenant_id, schedule_id in in_each_place(DUE, [RING_S, limit])]


def fire(schedule_id: UUID) -> ScheduleFiring | None:
    """Do what is due of a schedule of the current tenant; None where nothing is, or somebody else is at it."""
    with transaction.atomic():
        now = clock()
        rows = Schedule.objects.select_for_update(skip_locked=True)
        row: Schedule | None = rows.filter(pk=schedule_id, enabled=True, next_due__lte=now).first()
        if row is None or row.next_due is None:
            return None
        when = timetable_of(row, origin=row.next_due)
        made = _fired(row, timetable.passed(when, row.next_due, now))
        row.next_due, row.last_fired, row.rung = when.after(now), now, None
        row.save(update_fields=["next_due", "last_fired", "rung"])
    return made


def run_now(schedule_id: UUID, *, requested_by: str) -> Execution:
    """Run a schedule beside its times, for whoever asks.

    Raises:
        NotFound; Conflict: its last run is under way, and runs may not overlap.
        PaymentRequired: as for a task.
    """
    with transaction.atomic():
        row = one(schedule_id, lock=True)
        if _under_way(row):
            raise Conflict("Its last run is still under way, and its runs may not overlap.")
        execution = _submitted(row, requested_by)
        now = clock()
        ScheduleFiring.objects.create(
            schedule=row,
            due=now,
            state=Firing.OPENED,
            by_hand=True,
            requested_by=requested_by,
            execution_id=execution.pk,
        )
        row.last_fired = now
        row.save(update_fields=["last_fired"])
        _record("run", row, after={"execution": str(execution.pk)})
    return execution


def make(values: Mapping[str, Any], *, created_by: str) -> Schedule:
    """Make a schedule of the current tenant. Raises Conflict: the name is taken, or there are too many."""
    with transaction.atomic():
        _refuse_name(values["name"])
        if Schedule.objects.count() >= MOST_SCHEDULES:
            raise Conflict(f"There are {MOST_SCHEDULES} schedules already: delete one first.")
        row = Schedule(**values, created_by=created_by)
        _set_due(row)
        row.save(force_insert=True)
        _record("created", row, after=_told(row))
    return row


def change(schedule_id: UUID, values: Mapping[str, Any], *, by: str) -> Schedule:
    """Change a schedule; from then on it runs for whoever changed it. Raises NotFound, Conflict."""
    with transaction.atomic():
        row = one(schedule_id, lock=True)
        if values.get("name", row.name) != row.name:
            _refuse_name(values["name"])
        before, timed = (
            _told(row),
            any(getattr(row, name) != values.get(name, getattr(row, name)) for name in WHEN),
        )
        for name, value in values.items():
            setattr(row, name, value)
        row.created_by = by
        if timed:
            _set_due(row)
        row.save()
        _record("changed", row, before=before, after=_told(row))
    return row


def enable(schedule_id: UUID, *, enabled: bool) -> Schedule:
    """Let a schedule run, or rest: what would have been due while it rests is not made up for. Raises NotFound."""
    with transaction.atomic():
        row = one(schedule_id, lock=True)
        if row.enabled != enabled:
            row.enabled = enabled
            _set_due(row)
            row.save(update_fields=["enabled", "next_due", "rung"])
            _record("enabled" if enabled else "disabled", row)
    return row


def delete(schedule_id: UUID) -> None:
    """End a schedule; its firings go with it, its executions stay. Raises NotFound."""
    with transaction.atomic():
        row = one(schedule_id, lock=True)
        _record("deleted", row, before=_told(row))
        row.delete()


def one(schedule_id: UUID, *, lock: bool = False) -> Schedule:
    """Return a schedule of the current tenant, locked on request; raises NotFound."""
    rows = Schedule.objects.select_for_update() if lock else Schedule.objects
    row: Schedule | None = rows.filter(pk=schedule_id).first()
    if row is None:
        raise NotFound("There is no such schedule.")
    return row


def listed() -> QuerySet[Schedule]:
    """Return the current tenant's schedules."""
    rows: QuerySet[Schedule] = Schedule.objects.all()
    return rows


def firings(schedule_id: UUID) -> QuerySet[ScheduleFiring]:
    """Return what came of the due times of a schedule; raises NotFound."""
    rows: QuerySet[ScheduleFiring] = ScheduleFiring.objects.filter(schedule=one(schedule_id))
    return rows


def timetable_of(row: Schedule, *, origin: datetime) -> Timetable:
    """Return when a schedule is due; an interval is counted from `origin`. Raises NoSuchTime."""
    if row.interval_s is not None:
        return Interval(row.interval_s, origin)
    found: Cron = timetable.cron(row.cron, row.timezone)
    return found


def clock() -> datetime:
    """Return the database's time, at the beginning of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
        return now


def _fired(row: Schedule, times: Passed) -> ScheduleFiring:
    facts = {"due": times.last, "stands_for": times.number, "requested_by": row.created_by}
    if times.late and row.missed == Schedule.Missed.SKIP:
        return _written(row, Firing.MISSED, "It was noticed more than a minute too late.", facts)
    if _under_way(row):
        return _written(row, Firing.SKIPPED, "The last run was still under way.", facts)
    try:
        execution = _submitted(row, row.created_by)
    except Problem as refusal:
        return _written(row, Firing.REFUSED, str(refusal), facts)
    return _written(row, Firing.OPENED, "", {**facts, "execution_id": execution.pk})


def _written(row: Schedule, state: str, reason: str, facts: Mapping[str, Any]) -> ScheduleFiring:
    made: ScheduleFiring = ScheduleFiring.objects.create(
        schedule=row, state=state, reason=reason[:500], **facts
    )
    return made


def _submitted(row: Schedule, requested_by: str) -> Execution:
    if NEEDED not in scopes_of(requested_by):
        raise NotAllowed(f"{requested_by}, for whom it runs, may not hand in tasks (any more).")
    asked = {name: getattr(row, name) for name in ASKED}
    return submission.submit(**asked, requested_by=requested_by, most_micros=row.most_micros)


def _under_way(row: Schedule) -> bool:
    if row.overlap == Schedule.Overlap.ALLOW:
        return False
    last = (
        ScheduleFiring.objects.filter(schedule=row, state=Firing.OPENED)
        .order_by("-created")
        .values_list("execution_id", flat=True)[:1]
    )
    return bool(Execution.objects.filter(pk__in=list(last), finished=None).exists())


def _set_due(row: Schedule) -> None:
    now = clock()
    row.next_due = timetable_of(row, origin=now).after(now) if row.enabled else None
    row.rung = None


def _refuse_name(name: str) -> None:
    if Schedule.objects.filter(name=name).exists():
        raise Conflict(f"There is a schedule called {name!r} already.")


def _told(row: Schedule) -> dict[str, Any]:
    told = (
        "name",
        "cron",
        "interval_s",
        "timezone",
        "enabled",
        "missed",
        "overlap",
        "most_micros",
        "created_by",
    )
    return {name: getattr(row, name) for name in (*told, *ASKED)}


def _record(what: str, row: Schedule, **sides: Any) -> None:
    audit.record(
        f"schedule.{what}", actor=audit.current_actor(), object_type="schedule", object_id=row.pk, **sides
    )
