"""Changes of standing over the API, with their evidence; and taking one back."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from miosa.http.problem import BadParameter
from routing import promotions
from routing.models import Promotion
from routing.pictures.changes import changes
from tenants.idempotency import IdempotentPost


class PromotionRepresentation(serializers.ModelSerializer[Promotion]):
    successes = serializers.FloatField(read_only=True)
    taken_back = serializers.SerializerMethodField()

    class Meta:
        model = Promotion
        fields = (
            "id",
            "kind",
            "model",
            "over",
            "area",
            "requests",
            "successes",
            "rate",
            "low",
            "high",
            "improved",
            "discount",
            "since",
            "scoreboard_version",
            "scoreboard_after",
            "details",
            "reverts",
            "taken_back",
            "actor",
            "created",
        )
        read_only_fields = fields

    def get_taken_back(self, row: Any) -> bool:
        """A row that was just made has not been taken back."""
        return bool(getattr(row, "taken_back", False))


@extend_schema(
    tags=["routing"], parameters=[OpenApiParameter("kind", OpenApiTypes.STR, enum=Promotion.Kind.values)]
)
class Promotions(ListAPIView[Promotion]):
    """Evaluations, overtakings, shifts, changes of weights and reversals, newest first."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "routing:read"}
    serializer_class = PromotionRepresentation
    queryset = Promotion.objects.none()

    def get_queryset(self) -> Any:
        kind = self.request.query_params.get("kind")
        if kind is None:
            return changes()
        if kind not in Promotion.Kind.values:
            raise BadParameter(f"kind is one of {', '.join(Promotion.Kind.values)}.", parameter="kind")
        return changes().filter(kind=kind)


@extend_schema(tags=["routing"], request=None, responses={201: PromotionRepresentation})
class Reversal(IdempotentPost, APIView):
    """Take a change back: its effect ends with the next decision, both rows stay, and the answer is the new one."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "routing:write"}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        promotion_id: UUID = kwargs["promotion_id"]
        row = promotions.revert(promotion_id)
        return Response(PromotionRepresentation(row).data, status=status.HTTP_201_CREATED)
