"""What comes out of the routes of schedules."""

from rest_framework import serializers

from agents import schedules, timetable
from agents.models import Schedule, ScheduleFiring

SHOWN = 5  # due times to come


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
