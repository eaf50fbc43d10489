"""Models and routing decisions."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from miosa.http.problem import BadParameter
from routing import gateway, insight
from routing.api.serializers import (
    DecisionRepresentation,
    DecisionSummary,
    ModelDetailRepresentation,
    ModelList,
    ModelRepresentation,
    PreviewRepresentation,
    PreviewRequest,
)
from routing.models import Decision
from tenants.idempotency import IdempotentPost


@extend_schema(operation_id="models_list", tags=["routing"], responses=ModelList)
class Models(APIView):
    """The models there are, with price, reach and this tenant's record of each."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "models:read"}

    def get(self, _request: Request) -> Response:
        return Response({"items": ModelRepresentation(insight.models(), many=True).data, "next": None})


@extend_schema(tags=["routing"], responses=ModelDetailRepresentation)
class ModelDetail(APIView):
    """One model by its id, an alias or a retired id; any other name is answered with the nearest ones."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "models:read"}

    def get(self, _request: Request, model_id: str) -> Response:
        return Response(ModelDetailRepresentation(insight.model(model_id)).data)


@extend_schema(tags=["routing"], parameters=[OpenApiParameter("execution_id", OpenApiTypes.UUID)])
class Decisions(ListAPIView[Decision]):
    """The tenant's routing decisions, newest first."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "decisions:read"}
    serializer_class = DecisionSummary
    queryset = Decision.objects.none()

    def get_queryset(self) -> Any:
        wanted = self.request.query_params.get("execution_id")
        if wanted is None:
            return insight.decisions()
        try:
            return insight.decisions().filter(execution_id=UUID(wanted))
        except ValueError:
            raise BadParameter("execution_id is a UUID.", parameter="execution_id") from None


@extend_schema(tags=["routing"], responses=DecisionRepresentation)
class DecisionDetail(APIView):
    """One decision: what it was made from, what came of it, and the smallest change that would have turned it."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "decisions:read"}

    def get(self, _request: Request, decision_id: UUID) -> Response:
        explained = insight.explained(decision_id)
        return Response(DecisionRepresentation(explained.decision, context={"explained": explained}).data)


@extend_schema(tags=["routing"], request=PreviewRequest, responses={200: PreviewRepresentation})
class Preview(IdempotentPost, APIView):
    """Which model would answer, and why. Nothing is called, and nothing but the answer to a repetition is stored."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "decisions:read"}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        choice = gateway.preview(PreviewRequest(data=request.data).requirement()).choice
        return Response(PreviewRepresentation(choice.as_json()).data)
