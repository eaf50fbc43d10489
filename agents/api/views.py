"""Tasks, executions and agents."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import insight, submission
from agents.api.control import IDEMPOTENCY_KEY, accepted
from agents.api.serializers import (
    AgentList,
    AgentRepresentation,
    ExecutionRepresentation,
    ExecutionSummary,
)
from agents.models import Execution
from agents.requests import TaskRequest
from miosa.http.problem import BadParameter
from tenants.idempotency import IdempotentPost
from tenants.principal import principal_of


@extend_schema(tags=["tasks"])
class Tasks(IdempotentPost, APIView):
    """Hand in a task."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "tasks:write"}

    @extend_schema(
        request=TaskRequest,
        responses={202: ExecutionSummary},
        parameters=[IDEMPOTENCY_KEY],
        description="Accepted at once; follow the execution named by the Location header.",
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        payload = TaskRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        execution = submission.submit(**payload.validated_data, requested_by=principal_of(request).name)
        return accepted(request, execution)


@extend_schema(
    tags=["executions"],
    parameters=[
        OpenApiParameter("state", OpenApiTypes.STR, enum=Execution.State.values),
        OpenApiParameter("conversation", OpenApiTypes.STR),
    ],
)
class Executions(ListAPIView[Execution]):
    """The tenant's executions, newest first."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "executions:read"}
    serializer_class = ExecutionSummary
    queryset = Execution.objects.none()

    def get_queryset(self) -> Any:
        state, talk = map(self.request.query_params.get, ("state", "conversation"))
        if talk and "\0" in talk:
            raise BadParameter("conversation holds no NUL.", parameter="conversation")
        found = insight.executions() if talk is None else insight.executions().filter(conversation=talk)
        if state is None:
            return found
        if state not in Execution.State.values:
            raise BadParameter(f"state is one of {', '.join(Execution.State.values)}.", parameter="state")
        return found.filter(state=state)


@extend_schema(tags=["executions"], responses=ExecutionRepresentation)
class ExecutionDetail(APIView):
    """One execution with its steps and its answer."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "executions:read"}

    def get(self, _request: Request, execution_id: UUID) -> Response:
        return Response(ExecutionRepresentation(insight.execution(execution_id)).data)


@extend_schema(operation_id="agents_list", tags=["agents"], responses=AgentList)
class Agents(APIView):
    """The agents, and how each has done for this tenant."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "agents:read"}

    def get(self, _request: Request) -> Response:
        return Response({"items": AgentRepresentation(insight.roster(), many=True).data, "next": None})


@extend_schema(tags=["agents"], responses=AgentRepresentation)
class AgentDetail(APIView):
    """One agent."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "agents:read"}

    def get(self, _request: Request, kind: str) -> Response:
        return Response(AgentRepresentation(insight.agent(kind)).data)
