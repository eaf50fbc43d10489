"""What goes in and out of routing's routes."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from routing.models import Decision, Feedback, Judgement, ModelCall, Outcome
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


@extend_schema_field({"oneOf": [{"type": "number"}, {"type": "string"}], "nullable": True})
class NumberOrMode(serializers.Field[Any, Any, Any, Any]):
    """A score, a weight, a bonus or the number of a draw; or the name of a mode."""

    def to_representation(self, value: Any) -> Any:
        return value


class FlipRepresentation(serializers.Serializer[Any]):
    model = serializers.CharField(allow_null=True, help_text="null where no single change would have done")
    by = serializers.ChoiceField(choices=("score", "weight", "bonus", "mode", "draw", "nothing"))
    of = serializers.CharField(help_text="the model whose score or bonus changes")
    node = serializers.CharField()
    share = serializers.FloatField(help_text="how large the change is, 0 to 1")
    words = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """`from` and `to` too: the first is no name that Python lets a class body have."""
        return {**super().get_fields(), "from": NumberOrMode(), "to": NumberOrMode()}


class OutcomeRepresentation(serializers.ModelSerializer[Outcome]):
    class Meta:
        model = Outcome
        fields = (
            "source",
            "model",
            "success",
            "verdict",
            "counts",
            "credit",
            "confidence",
            "latency_ms",
            "created",
        )
        read_only_fields = fields


class FeedbackOfDecision(serializers.ModelSerializer[Feedback]):
    class Meta:
        model = Feedback
        fields = ("value", "scale", "comment", "demonstration", "given_by", "created")
        read_only_fields = fields


class JudgementOfDecision(serializers.ModelSerializer[Judgement]):
    class Meta:
        model = Judgement
        fields = ("state", "judge", "judge_decision", "score", "reason", "created", "finished")
        read_only_fields = fields


class DecisionRepresentation(DecisionSummary):
    """All that a decision was made from, what came of it, and what would have turned it.

    The context holds what can be said of it now as `explained` (`insight.Explained`).
    """

    ranked = RankedRepresentation(many=True, read_only=True)
    calls = ModelCallRepresentation(many=True, read_only=True)
    outcomes = OutcomeRepresentation(many=True, read_only=True)
    feedback = FeedbackOfDecision(many=True, read_only=True)
    judgements = JudgementOfDecision(many=True, read_only=True)
    flip = serializers.SerializerMethodField()
    chances = serializers.SerializerMethodField(
        help_text="each model's probability; null where it is not known any more"
    )
    knowledge_kept = serializers.SerializerMethodField(help_text="it can be made again")

    class Meta(DecisionSummary.Meta):
        fields = (
            *DecisionSummary.Meta.fields, "topic", "requirement", "ranked", "order", "draw", "chances", "flip",
            "knowledge_kept", "shared_from", "prompt", "traits", "calls", "outcomes", "feedback", "judgements",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(FlipRepresentation)
    def get_flip(self, _row: Decision) -> Any:
        return FlipRepresentation(self.context["explained"].flip.as_json()).data

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "number"}, "nullable": True})
    def get_chances(self, _row: Decision) -> Any:
        return self.context["explained"].chances

    @extend_schema_field(OpenApiTypes.BOOL)
    def get_knowledge_kept(self, _row: Decision) -> Any:
        return self.context["explained"].kept


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
