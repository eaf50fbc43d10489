"""The routes of approvals: what waits for somebody's word, and giving it."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments import approvals, steering
from deployments.api.deployment_serializers import ApprovalRepresentation, DecisionRequest
from deployments.api.deployments import APPROVE, READ
from deployments.api.projects import IDEMPOTENCY_KEY
from deployments.models import Approval
from deployments.strict import checked
from miosa.http.problem import BadParameter
from tenants.idempotency import IdempotentPost
from tenants.principal import principal_of


@extend_schema_view(
    get=extend_schema(
        tags=["approvals"],
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, enum=Approval.State.values),
            OpenApiParameter("execution_id", OpenApiTypes.UUID),
        ],
    )
)
class Approvals(ListAPIView[Approval]):
    """The tenant's approvals, newest first."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}
    serializer_class = ApprovalRepresentation
    queryset = Approval.objects.none()

    def get_queryset(self) -> Any:
        approvals.expire_old()
        rows, asked = approvals.listed(), self.request.query_params
        if (state := asked.get("state")) is not None:
            if state not in Approval.State.values:
                raise BadParameter(f"state is one of {', '.join(Approval.State.values)}.", parameter="state")
            rows = rows.filter(state=state)
        if (execution := asked.get("execution_id")) is not None:
            rows = rows.filter(execution_id=_uuid(execution))
        return rows


@extend_schema(tags=["approvals"], responses=ApprovalRepresentation)
class ApprovalDetail(APIView):
    """One approval with the exact effect that it is bound to."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}

    def get(self, _request: Request, approval_id: UUID) -> Response:
        approvals.expire_old()
        return Response(ApprovalRepresentation(approvals.one(approval_id)).data)


@extend_schema(
    tags=["approvals"],
    request=DecisionRequest,
    responses={200: ApprovalRepresentation},
    parameters=[IDEMPOTENCY_KEY],
)
class ApprovalDecision(IdempotentPost, APIView):
    """Say yes or no, once; `digest` shows which effect was read."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": APPROVE}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        said = checked(DecisionRequest, request.data)
        row = steering.decide(kwargs["approval_id"], **said, actor=principal_of(request).name)
        return Response(ApprovalRepresentation(row).data)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadParameter("execution_id is a UUID.", parameter="execution_id") from None
