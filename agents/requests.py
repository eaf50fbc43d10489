"""What may be asked for in words of its own: the API takes it as JSON, the admin as a form, and both with these errors."""

import base64
import binascii
from typing import Any

from rest_framework import serializers

from agents import timetable
from agents.models import Execution, Schedule, ToolRule
from agents.timetable import NoSuchTime

MAX_REQUEST = 100_000  # characters
MAX_PARAMETERS = 16
MAX_FILES = 100
MOST_MICROS = 10**15
SHORTEST_S, LONGEST_S = 60, 366 * 86_400
TOOL_NAME = r"\A[A-Za-z0-9_*?-]{1,120}\Z"


class FileRequest(serializers.Serializer[Any]):
    path = serializers.CharField(max_length=400)
    text = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    base64 = serializers.CharField(required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("text" in attrs) == ("base64" in attrs):
            raise serializers.ValidationError({"text": "give the content as `text` or as `base64`"})
        try:
            content = (
                attrs["text"].encode()
                if "text" in attrs
                else base64.b64decode(attrs["base64"], validate=True)
            )
        except (binascii.Error, ValueError):
            raise serializers.ValidationError({"base64": "is no base64"}) from None
        return {"path": attrs["path"], "content": content}


class TaskRequest(serializers.Serializer[Any]):
    request = serializers.CharField(
        max_length=MAX_REQUEST, help_text="what shall be done, with the text to work on behind a colon"
    )
    mode = serializers.ChoiceField(
        choices=Execution.Mode.choices, default=Execution.Mode.BALANCE, help_text="what matters most"
    )
    conversation = serializers.CharField(max_length=80, default="", allow_blank=True)
    deploy = serializers.BooleanField(
        default=False, help_text="whether what is made shall go online; somebody has to approve it before"
    )
    target = serializers.SlugField(max_length=20, default="local", help_text="where it goes online")
    environment = serializers.ChoiceField(
        choices=Execution.Environment.choices, default=Execution.Environment.PREVIEW
    )
    project = serializers.SlugField(
        max_length=40,
        default="",
        allow_blank=True,
        help_text="slug of the project it becomes a release of; a new project without one",
    )
    most_micros = serializers.IntegerField(
        min_value=0,
        max_value=MOST_MICROS,
        default=None,
        allow_null=True,
        help_text="the most it may cost, where that is less than the plan allows",
    )
    parameters = serializers.DictField(
        child=serializers.CharField(max_length=1000, allow_blank=True), default=dict
    )

    files = serializers.ListField(
        child=FileRequest(), default=list, max_length=MAX_FILES, help_text="files that its agents work with"
    )

    def validate_request(self, value: str) -> str:
        if "\0" in value:
            raise serializers.ValidationError("must not hold NUL characters")
        return value

    def validate_parameters(self, value: dict[str, str]) -> dict[str, str]:
        if len(value) > MAX_PARAMETERS:
            raise serializers.ValidationError(f"holds more than {MAX_PARAMETERS} members")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if unknown := set(self.initial_data) - set(self.fields):
            raise serializers.ValidationError(dict.fromkeys(sorted(unknown), "is not a member of a task"))
        if "files" in attrs:
            files = {one["path"]: one["content"] for one in attrs["files"]}
            if len(files) < len(attrs["files"]):
                raise serializers.ValidationError({"files": "one path stands there twice"})
            attrs["files"] = files
        if project := attrs.pop("project"):
            attrs["parameters"] = attrs["parameters"] | {"project": project}
        return attrs


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


class ToolRuleRequest(serializers.Serializer[Any]):
    tool = serializers.RegexField(TOOL_NAME, help_text="name of a tool, or a pattern like mcp__*")
    decision = serializers.ChoiceField(choices=ToolRule.Decision.choices)
