"""What goes in and out of the agents' routes."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents import insight, registry
from agents.models import Execution, Step
from agents.requests import MAX_REQUEST


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
    tokens = serializers.SerializerMethodField(help_text="of its own steps")
    cost_with_below_micros = serializers.IntegerField(
        source="with_below.cost_micros",
        read_only=True,
        help_text="its own and of all executions below it, so far",
    )
    tokens_with_below = serializers.IntegerField(source="with_below.tokens", read_only=True)
    steps = serializers.SerializerMethodField()

    class Meta(ExecutionSummary.Meta):
        fields = (
            *ExecutionSummary.Meta.fields, "tokens", "cost_with_below_micros", "tokens_with_below", "output", "data", "steps",
        )  # fmt: skip
        read_only_fields = fields

    def get_tokens(self, row: Execution) -> int:
        return sum(step.tokens for step in row.steps.all())

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
    total = serializers.IntegerField(help_text=f"of its last {registry.LAST:,} steps, like what follows")
    successful = serializers.IntegerField()
    failed = serializers.IntegerField()
    mean_confidence = serializers.FloatField(allow_null=True)
    mean_ms = serializers.FloatField(allow_null=True)
    last_finished = serializers.DateTimeField(allow_null=True)


class AgentList(serializers.Serializer[Any]):
    items = AgentRepresentation(many=True)
    next = serializers.URLField(allow_null=True)
