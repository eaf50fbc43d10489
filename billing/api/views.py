"""What was used and what is left."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import insight
from billing.api.serializers import LedgerEntryRepresentation, UsageRepresentation
from billing.models import LedgerEntry
from miosa.http.problem import BadParameter


@extend_schema(tags=["usage"], responses=UsageRepresentation)
class Usage(APIView):
    """The month: plan, budget, and its use by day, model and agent. Money in micro-dollars."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "usage:read"}

    def get(self, _request: Request) -> Response:
        return Response(UsageRepresentation(insight.usage()).data)


@extend_schema(tags=["usage"], parameters=[OpenApiParameter("execution_id", OpenApiTypes.UUID)])
class LedgerEntries(ListAPIView[LedgerEntry]):
    """Every entry of the ledger, newest first."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "usage:read"}
    serializer_class = LedgerEntryRepresentation
    queryset = LedgerEntry.objects.none()

    def get_queryset(self) -> Any:
        wanted = self.request.query_params.get("execution_id")
        if wanted is None:
            return LedgerEntry.objects.all()
        try:
            return LedgerEntry.objects.filter(execution_id=UUID(wanted))
        except ValueError:
            raise BadParameter("execution_id is a UUID.", parameter="execution_id") from None
