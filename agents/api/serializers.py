"""What goes in and out of the agents' routes."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents import insight
from agents.api.tool_serializers import FileRequest
from agents.models import Execution, Step

MAX_REQUEST = 100_000  # characters
MAX_PARAMETERS = 16
MAX_FILES = 100
MOST_MICROS = 10**15


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


def _known(serializer: serializers.Serializer[Any], attrs: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(serializer.initial_data) - set(serializer.fields):
        raise serializers.ValidationError(dict.fromkeys(sorted(unknown), "is not a member here"))
    return attrs


class RetryRequest(serializers.Serializer[Any]):
    from_step = serializers.CharField(
        max_length=40, default="", allow_blank=True, help_text="key of the step to begin with"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return _known(self, attrs)


class ForkRequest(RetryRequest):
    request = serializers.CharField(
        max_length=MAX_REQUEST, default="", allow_blank=True, help_text="what is asked instead"
    )
    instruction = serializers.CharField(
        max_length=MAX_REQUEST, default="", allow_blank=True, help_text="what that step is told instead"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not (attrs["request"] or attrs["instruction"]):
            raise serializers.ValidationError({"request": "say what is asked differently, or use retries"})
        return super().validate(attrs)


class StepRepresentation(serializers.ModelSerializer[Step]):
    confidence = serializers.FloatField(read_only=True, allow_null=True, help_text="0 to 10")

    class Meta:
        model = Step
        fields = (
            "id",
            "key",
            "agent",
            "purpose",
            "instruction",
            "reason",
            "depends_on",
            "permits",
            "expects",
            "state",
            "attempt",
            "waits_for",
            "success",
            "output",
            "data",
            "evidence",
            "suggestions",
            "error",
            "cause",
            "confidence",
            "execution_ms",
            "model",
            "decision_id",
            "prompt_version",
            "calls",
            "tokens",
            "cost_micros",
            "started",
            "finished",
        )
        read_only_fields = fields


class ExecutionSummary(serializers.ModelSerializer[Execution]):
    confidence = serializers.FloatField(read_only=True, allow_null=True, help_text="0 to 10")
    waits_for_person = serializers.SerializerMethodField(
        help_text="whether somebody was asked and has not answered"
    )

    class Meta:
        model = Execution
        fields: tuple[str, ...] = (
            "id",
            "state",
            "request",
            "mode",
            "conversation",
            "parameters",
            "deploy",
            "target",
            "environment",
            "plan_source",
            "plan_explanation",
            "paused",
            "waits_for_person",
            "approval_id",
            "parent_id",
            "depth",
            "origin_id",
            "origin_step",
            "confidence",
            "error",
            "cause",
            "cost_micros",
            "created",
            "started",
            "finished",
        )
        read_only_fields = fields

    def get_waits_for_person(self, row: Execution) -> bool:
        return insight.waits_for_person(row)


class ExecutionRepresentation(ExecutionSummary):
    steps = serializers.SerializerMethodField()

    class Meta(ExecutionSummary.Meta):
        fields = (*ExecutionSummary.Meta.fields, "output", "data", "steps")
        read_only_fields = fields

    @extend_schema_field(StepRepresentation(many=True))
    def get_steps(self, row: Execution) -> list[dict[str, Any]]:
        ordered = sorted(row.steps.all(), key=lambda step: step.position)
        return list(StepRepresentation(ordered, many=True).data)


class AgentRepresentation(serializers.Serializer[Any]):
    kind = serializers.CharField()
    purpose = serializers.CharField()
    capabilities = serializers.ListField(child=serializers.CharField())
    task_kind = serializers.CharField()
    mode = serializers.CharField()
    prompt_version = serializers.CharField()
    total = serializers.IntegerField()
    successful = serializers.IntegerField()
    failed = serializers.IntegerField()
    mean_confidence = serializers.FloatField(allow_null=True)
    mean_ms = serializers.FloatField(allow_null=True)
    last_finished = serializers.DateTimeField(allow_null=True)


class AgentList(serializers.Serializer[Any]):
    items = AgentRepresentation(many=True)
    next = serializers.URLField(allow_null=True)
