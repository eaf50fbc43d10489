"""What goes in and out of the routes of schedules."""

from typing import Any

from rest_framework import serializers

from agents import schedules, timetable
from agents.api.serializers import TaskRequest
from agents.models import Schedule, ScheduleFiring
from agents.timetable import NoSuchTime

SHORTEST_S, LONGEST_S = 60, 366 * 86_400
SHOWN = 5  # due times to come


class ScheduleRequest(TaskRequest):
    """A task, and when it is handed in: by a cron expression or by an interval. It brings no files."""

    files = None  # type: ignore[assignment]  # REST framework's way to leave a field of the parent out
    name = serializers.CharField(max_length=80)
    cron = serializers.CharField(
        max_length=120,
        default="",
        allow_blank=True,
        help_text="minute, hour, day of the month, month, day of the week: `30 6 * * mon-fri`; or @daily and the like",
    )
    interval_s = serializers.IntegerField(
        min_value=SHORTEST_S, max_value=LONGEST_S, default=None, allow_null=True, help_text="instead of cron"
    )
    timezone = serializers.CharField(max_length=64, default="UTC", help_text="in which cron is read")
    enabled = serializers.BooleanField(default=True)
    missed = serializers.ChoiceField(choices=Schedule.Missed.choices, default=Schedule.Missed.ONCE)
    overlap = serializers.ChoiceField(choices=Schedule.Overlap.choices, default=Schedule.Overlap.SKIP)

    def validate_name(self, value: str) -> str:
        if not value.isprintable():
            raise serializers.ValidationError("must be printable")
        return value

    def validate_timezone(self, value: str) -> str:
        try:
            timetable.zone_named(value)
        except NoSuchTime as wrong:
            raise serializers.ValidationError(str(wrong)) from wrong
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        attrs["cron"] = " ".join(attrs["cron"].split())
        if bool(attrs["cron"]) == (attrs["interval_s"] is not None):
            raise serializers.ValidationError({"cron": "give either cron or interval_s"})
        if attrs["cron"]:
            try:
                timetable.cron(attrs["cron"], attrs["timezone"])
            except NoSuchTime as wrong:
                raise serializers.ValidationError({"cron": str(wrong)}) from wrong
        return attrs


class ScheduleRepresentation(serializers.ModelSerializer[Schedule]):
    next_times = serializers.SerializerMethodField(help_text="when it is due next, five times; in UTC")

    class Meta:
        model = Schedule
        fields = (
            *(
                "id",
                "name",
                "request",
                "parameters",
                "mode",
                "conversation",
                "deploy",
                "target",
                "environment",
            ),
            *("most_micros", "cron", "interval_s", "timezone", "enabled", "missed", "overlap", "next_times"),
            *("last_fired", "created_by", "created"),
        )
        read_only_fields = fields

    def get_next_times(self, row: Schedule) -> list[str]:
        if row.next_due is None:
            return []
        when = schedules.timetable_of(row, origin=row.next_due)
        times = [row.next_due, *timetable.upcoming(when, row.next_due, most=SHOWN - 1)]
        return [f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in times]


class FiringRepresentation(serializers.ModelSerializer[ScheduleFiring]):
    class Meta:
        model = ScheduleFiring
        fields = (
            *("id", "due", "state", "by_hand", "requested_by", "execution_id", "stands_for", "reason"),
            "created",
        )
        read_only_fields = fields
