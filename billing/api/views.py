"""What was used and what is left."""

from datetime import UTC, datetime, time
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import insight
from billing.api.breakdown import day_of
from billing.api.serializers import LedgerEntryRepresentation, OfferedPlanRepresentation, UsageRepresentation
from billing.models import LedgerEntry
from miosa.http.problem import BadParameter

EXACT = ("meter", "model", "agent", "source")


@extend_schema(tags=["usage"], responses=UsageRepresentation)
class Usage(APIView):
    """The month: plan, budget, and its use by day, model and agent. Money in micro-dollars."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "usage:read"}

    def get(self, _request: Request) -> Response:
        return Response(UsageRepresentation(insight.usage()).data)


@extend_schema(tags=["billing"], responses=OfferedPlanRepresentation(many=True))
class Plans(APIView):
    """The plans that can be chosen, the cheapest first, and the one this tenant is on with what was agreed."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "usage:read"}

    def get(self, _request: Request) -> Response:
        return Response(OfferedPlanRepresentation(insight.offered_plans(), many=True).data)


@extend_schema(
    tags=["usage"],
    parameters=[
        OpenApiParameter("execution_id", OpenApiTypes.UUID),
        *(OpenApiParameter(name, OpenApiTypes.STR) for name in EXACT),
        OpenApiParameter("from", OpenApiTypes.DATE, description="first day, UTC"),
        OpenApiParameter("to", OpenApiTypes.DATE, description="the day after the last"),
    ],
)
class LedgerEntries(ListAPIView[LedgerEntry]):
    """Entries of the ledger, newest first; `details.decision_id` is the routing decision behind one."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "usage:read"}
    serializer_class = LedgerEntryRepresentation
    queryset = LedgerEntry.objects.none()

    def get_queryset(self) -> Any:
        asked = self.request.query_params
        rows = LedgerEntry.objects.filter(**{name: asked[name] for name in EXACT if name in asked})
        if (wanted := asked.get("execution_id")) is not None:
            try:
                rows = rows.filter(execution_id=UUID(wanted))
            except ValueError:
                raise BadParameter("execution_id is a UUID.", parameter="execution_id") from None
        if begin := day_of(asked.get("from"), "from"):
            rows = rows.filter(created__gte=datetime.combine(begin, time(), tzinfo=UTC))
        if end := day_of(asked.get("to"), "to"):
            rows = rows.filter(created__lt=datetime.combine(end, time(), tzinfo=UTC))
        return rows
