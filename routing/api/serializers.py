"""What goes in and out of routing's routes."""

from typing import Any

from rest_framework import serializers

from routing.models import Decision, ModelCall
from routing.requirement import MODES, TASK_KINDS, Requirement

MOST_TOKENS = 10_000_000


class PreviewRequest(serializers.Serializer[Any]):
    task_kind = serializers.ChoiceField(choices=TASK_KINDS)
    mode = serializers.ChoiceField(choices=MODES, default="balance")
    input_tokens = serializers.IntegerField(min_value=0, max_value=MOST_TOKENS, default=0)
    max_output_tokens = serializers.IntegerField(min_value=1, max_value=MOST_TOKENS, default=512)
    needs_tools = serializers.BooleanField(default=False)
    needs_json = serializers.BooleanField(default=False)

    def requirement(self) -> Requirement:
        """Return the checked payload as the router's own value."""
        self.is_valid(raise_exception=True)
        return Requirement(**self.validated_data)


class NodeRepresentation(serializers.Serializer[Any]):
    name = serializers.CharField()
    weight = serializers.FloatField()
    score = serializers.FloatField(help_text="0 to 1")
    reason = serializers.CharField()


class RankedRepresentation(serializers.Serializer[Any]):
    model = serializers.CharField()
    provider = serializers.CharField()
    total = serializers.FloatField()
    bonus = serializers.FloatField()
    nodes = NodeRepresentation(many=True)


class PreviewRepresentation(serializers.Serializer[Any]):
    task_kind = serializers.CharField()
    mode = serializers.CharField()
    model = serializers.CharField()
    provider = serializers.CharField()
    why = serializers.CharField()
    propensity = serializers.FloatField()
    scoreboard_version = serializers.CharField()
    order = serializers.ListField(child=serializers.CharField(), help_text="the way of the fallback")
    ranked = RankedRepresentation(many=True)


class ModelCallRepresentation(serializers.ModelSerializer[ModelCall]):
    class Meta:
        model = ModelCall
        fields = (
            "id",
            "number",
            "model",
            "provider",
            "winner",
            "status",
            "error",
            "input_tokens",
            "cached_tokens",
            "output_tokens",
            "estimated",
            "cost_micros",
            "latency_ms",
            "first_token_ms",
            "finish_reason",
            "created",
        )
        read_only_fields = fields


class DecisionSummary(serializers.ModelSerializer[Decision]):
    class Meta:
        model = Decision
        fields: tuple[str, ...] = (
            "id",
            "task_kind",
            "mode",
            "model",
            "provider",
            "answered_by",
            "why",
            "propensity",
            "scoreboard_version",
            "execution_id",
            "step_id",
            "agent",
            "created",
        )
        read_only_fields = fields


class DecisionRepresentation(DecisionSummary):
    ranked = RankedRepresentation(many=True, read_only=True)
    calls = ModelCallRepresentation(many=True, read_only=True)

    class Meta(DecisionSummary.Meta):
        fields = (*DecisionSummary.Meta.fields, "requirement", "ranked", "calls")
        read_only_fields = fields


class ModelRepresentation(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    provider = serializers.CharField()
    available = serializers.BooleanField()
    context_tokens = serializers.IntegerField()
    max_output_tokens = serializers.IntegerField()
    input_micros_per_million = serializers.IntegerField(allow_null=True)
    output_micros_per_million = serializers.IntegerField(allow_null=True)
    quality = serializers.FloatField()
    speed = serializers.FloatField()
    cost = serializers.FloatField()
    fit = serializers.DictField(child=serializers.FloatField())
    requests = serializers.IntegerField()
    success_rate = serializers.FloatField(allow_null=True)
    mean_latency_ms = serializers.FloatField(allow_null=True)
    improved = serializers.BooleanField()


class ModelDetailRepresentation(ModelRepresentation):
    note = serializers.CharField(help_text="what the name asked for stands for; empty for a model's own id")


class ModelList(serializers.Serializer[Any]):
    items = ModelRepresentation(many=True)
    next = serializers.URLField(allow_null=True)
