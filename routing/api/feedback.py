"""What people say of answers, over the API: given once, read by those who may see decisions."""

from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from miosa.http.problem import BadParameter
from routing import feedback, judging
from routing.feedback import MOST_COMMENT, MOST_DEMONSTRATION, Word
from routing.models import Feedback
from tenants.idempotency import IdempotentPost
from tenants.principal import principal_of

BEST = 10
NAMED = ("decision_id", "execution_id")


@extend_schema_field(
    {
        "oneOf": [{"type": "boolean"}, {"type": "number", "minimum": 0, "maximum": BEST}],
        "description": "good or bad, or 0 to 10",
    }
)
class ValueField(serializers.Field[Any, Any, Any, Any]):
    """true or false, or a number from 0 to 10: becomes (0 to 1, scale)."""

    def to_internal_value(self, data: Any) -> tuple[Decimal, str]:
        if isinstance(data, bool):
            return Decimal(int(data)), Feedback.Scale.BOOLEAN.value
        if isinstance(data, int | float) and 0 <= data <= BEST:
            return Decimal(str(data)) / BEST, Feedback.Scale.SCORE.value
        raise serializers.ValidationError("is true or false, or a number from 0 to 10")


class WordRequest(serializers.Serializer[Any]):
    """What is said, whatever it is said of."""

    value = ValueField()
    comment = serializers.CharField(max_length=MOST_COMMENT, default="", allow_blank=True)
    demonstration = serializers.CharField(
        max_length=MOST_DEMONSTRATION,
        default="",
        allow_blank=True,
        help_text="what a good answer would have been",
    )


class DecisionFeedbackRequest(WordRequest):
    """On one decision."""

    decision_id = serializers.UUIDField()


class ExecutionFeedbackRequest(WordRequest):
    """On each answer that was used in an execution and has no feedback yet."""

    execution_id = serializers.UUIDField(help_text="each answer that was used in it")


class FeedbackRequest(WordRequest):
    """Both of the above, and exactly one of them."""

    decision_id = serializers.UUIDField(required=False)
    execution_id = serializers.UUIDField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if unknown := set(self.initial_data) - set(self.fields):
            raise serializers.ValidationError(dict.fromkeys(sorted(unknown), "is not a member of feedback"))
        if len([name for name in NAMED if name in attrs]) != 1:
            raise serializers.ValidationError("name exactly one of decision_id and execution_id")
        return attrs

    def word(self, *, given_by: str) -> Word:
        """The checked payload as what is said."""
        value, scale = self.validated_data["value"]
        return Word(
            value=value,
            scale=scale,
            given_by=given_by,
            comment=self.validated_data["comment"],
            demonstration=self.validated_data["demonstration"],
        )


class FeedbackSummary(serializers.ModelSerializer[Feedback]):
    """Without its texts."""

    # An answer is kept for repetitions, and texts are kept in one place alone.
    decision_id = serializers.UUIDField(read_only=True)
    value = serializers.FloatField(read_only=True, help_text="0 to 1")

    class Meta:
        model = Feedback
        fields: tuple[str, ...] = ("id", "decision_id", "value", "scale", "given_by", "created")
        read_only_fields = fields


class FeedbackRepresentation(FeedbackSummary):
    """With its texts."""

    class Meta(FeedbackSummary.Meta):
        fields = (*FeedbackSummary.Meta.fields, "comment", "demonstration")
        read_only_fields = fields


class ExecutionFeedback(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="answers that it was given on")
    items = FeedbackSummary(many=True)


class AgreementRepresentation(serializers.Serializer[Any]):
    n = serializers.IntegerField(help_text="answers that both the judge and people spoke of")
    share_same = serializers.FloatField(allow_null=True, help_text="both say good or both say bad, 0 to 1")
    low = serializers.FloatField(help_text="of share_same: the 95 % interval")
    high = serializers.FloatField()
    mean_abs_difference = serializers.FloatField(allow_null=True, help_text="0 to 1")
    kappa = serializers.FloatField(
        allow_null=True, help_text="Cohen's: 1 full agreement, 0 what chance gives"
    )


REQUESTS = PolymorphicProxySerializer(
    component_name="FeedbackRequest",
    serializers=[DecisionFeedbackRequest, ExecutionFeedbackRequest],
    resource_type_field_name=None,
)
ANSWERS = PolymorphicProxySerializer(
    component_name="FeedbackGiven",
    serializers=[FeedbackSummary, ExecutionFeedback],
    resource_type_field_name=None,
    many=False,
)


class FeedbackList(IdempotentPost, ListAPIView[Feedback]):
    """What people said of the tenant's answers, newest first."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "decisions:read", "POST": "feedback:write"}
    serializer_class = FeedbackSummary
    queryset = Feedback.objects.none()

    @extend_schema(
        operation_id="feedback_list",
        tags=["feedback"],
        parameters=[OpenApiParameter("decision_id", OpenApiTypes.UUID)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> Any:
        wanted = self.request.query_params.get("decision_id")
        if wanted is None:
            return feedback.rows()
        try:
            return feedback.rows().filter(decision_id=UUID(wanted))
        except ValueError:
            raise BadParameter("decision_id is a UUID.", parameter="decision_id") from None

    @extend_schema(
        tags=["feedback"],
        request=REQUESTS,
        responses={201: ANSWERS},
        description="Say how good an answer was: of one decision, or of every answer used in an execution. It counts"
        " once, up to 30 days after the decision.",
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        payload = FeedbackRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        word = payload.word(given_by=principal_of(request).name)
        if execution_id := payload.validated_data.get("execution_id"):
            given = feedback.give_to_execution(execution_id, word, now=timezone.now())
            body = ExecutionFeedback({"count": len(given), "items": given}).data
            return Response(body, status=status.HTTP_201_CREATED)
        row = feedback.give(payload.validated_data["decision_id"], word, now=timezone.now())
        place = reverse("feedback", args=[row.pk], request=request)
        return Response(
            FeedbackSummary(row).data, status=status.HTTP_201_CREATED, headers={"Location": place}
        )


@extend_schema(tags=["feedback"], responses=FeedbackRepresentation)
class FeedbackDetail(APIView):
    """One piece of feedback, with its texts."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "decisions:read"}

    def get(self, _request: Request, feedback_id: UUID) -> Response:
        return Response(FeedbackRepresentation(feedback.one(feedback_id)).data)


@extend_schema(tags=["feedback"], responses=AgreementRepresentation)
class JudgeAgreement(APIView):
    """How far the judging model agrees with people, over the answers that both spoke of."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "decisions:read"}

    def get(self, _request: Request) -> Response:
        return Response(AgreementRepresentation(judging.agreement()).data)
