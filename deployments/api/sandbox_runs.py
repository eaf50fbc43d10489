"""The routes of sandbox runs: code or commands are run apart, and their output and results fetched."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from deployments.api.sandbox_runs_serializers import (
    SandboxRunRepresentation,
    SandboxRunRequest,
    SandboxRunSummary,
)
from deployments.models import SandboxRun
from deployments.sandbox_runs_submission import cancel, submit
from miosa.http.problem import BadParameter, NotFound
from tenants.idempotency import IdempotentPost
from tenants.principal import principal_of

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Repeat a request safely: the same key within 24 hours gets the first answer.",
)


@extend_schema_view(
    get=extend_schema(
        tags=["sandbox-runs"],
        parameters=[OpenApiParameter("state", OpenApiTypes.STR, enum=SandboxRun.State.values)],
    )
)
class SandboxRuns(IdempotentPost, ListAPIView[SandboxRun]):
    """The tenant's runs, newest first; a POST runs code or commands."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "sandboxes:read", "POST": "sandboxes:write"}
    serializer_class = SandboxRunSummary
    queryset = SandboxRun.objects.none()

    def get_queryset(self) -> Any:
        rows = SandboxRun.objects.defer("code", "commands", "files", "stdout", "stderr", "results")
        state = self.request.query_params.get("state")
        if state is None:
            return rows
        if state not in SandboxRun.State.values:
            raise BadParameter(f"state is one of {', '.join(SandboxRun.State.values)}.", parameter="state")
        return rows.filter(state=state)

    @extend_schema(
        tags=["sandbox-runs"],
        request=SandboxRunRequest,
        responses={202: SandboxRunSummary},
        parameters=[IDEMPOTENCY_KEY],
        description="Accepted at once; ask for the run that the Location header names.",
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        payload = SandboxRunRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        run = submit(**payload.validated_data, requested_by=principal_of(request).name)
        place = reverse("sandbox-run", args=[run.pk], request=request)
        body = SandboxRunSummary(run).data
        return Response(body, status=status.HTTP_202_ACCEPTED, headers={"Location": place})


@extend_schema(tags=["sandbox-runs"], responses=SandboxRunRepresentation)
class SandboxRunDetail(APIView):
    """One run with what it printed and its rich results."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "sandboxes:read"}

    def get(self, _request: Request, sandbox_run_id: UUID) -> Response:
        row = SandboxRun.objects.defer("files").filter(pk=sandbox_run_id).first()
        if row is None:
            raise NotFound("There is no such sandbox run.")
        return Response(SandboxRunRepresentation(row).data)


@extend_schema(
    tags=["sandbox-runs"], request=None, responses={200: SandboxRunSummary}, parameters=[IDEMPOTENCY_KEY]
)
class SandboxRunCancellation(IdempotentPost, APIView):
    """Cancel a run; its box is ended within a second, and what it lived is charged."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "sandboxes:write"}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(SandboxRunSummary(cancel(kwargs["sandbox_run_id"])).data)
