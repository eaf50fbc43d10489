"""The routes of deployments: launched, planned, followed, canceled."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.http import StreamingHttpResponse
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from deployments import approvals, insight, launch, releases, steering
from deployments.api.deployment_serializers import (
    DeploymentSummary,
    LaunchRequest,
    LogRepresentation,
    PlanRepresentation,
)
from deployments.api.project_files import AnyType
from deployments.api.projects import IDEMPOTENCY_KEY
from deployments.downloads import packed_response
from deployments.lifecycle.reaching import spec_of
from deployments.models import Deployment
from deployments.strict import checked
from deployments.targets.container.archive import MEDIA_TYPE
from deployments.targets.container.target import write_out
from deployments.targets.errors import TargetRefused
from miosa.http.problem import BadParameter, Unprocessable
from tenants.idempotency import IdempotentPost
from tenants.principal import Principal, principal_of

READ, WRITE, APPROVE = "deployments:read", "deployments:write", "deployments:approve"
LOG_PAGE = 500
FILTERS = {"service_id": "service_id", "project_id": "service__project_id", "execution_id": "execution_id"}


@extend_schema_view(
    get=extend_schema(
        tags=["deployments"],
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, enum=Deployment.State.values),
            *(OpenApiParameter(name, OpenApiTypes.UUID) for name in FILTERS),
        ],
    )
)
class Deployments(IdempotentPost, ListAPIView[Deployment]):
    """The tenant's deployments, newest first; a POST launches a release."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "POST": WRITE}
    serializer_class = DeploymentSummary
    queryset = Deployment.objects.none()

    def get_queryset(self) -> Any:
        rows, asked = insight.deployments(), self.request.query_params
        if (state := asked.get("state")) is not None:
            if state not in Deployment.State.values:
                raise BadParameter(
                    f"state is one of {', '.join(Deployment.State.values)}.", parameter="state"
                )
            rows = rows.filter(state=state)
        return rows.filter(
            **{column: _uuid(name, asked) for name, column in FILTERS.items() if name in asked}
        )

    @extend_schema(
        tags=["deployments"],
        request=LaunchRequest,
        responses={202: DeploymentSummary},
        parameters=[IDEMPOTENCY_KEY],
        description="Queued at once; follow it at the Location's /events. Production waits for an approval "
        "unless the credential may approve by itself.",
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        said, principal = checked(LaunchRequest, request.data), principal_of(request)
        release = releases.release(said.pop("release_id"))
        approval_id = said.pop("approval_id")
        made = launch.launch(
            release.project,
            release,
            **said,
            requested_by=principal.name,
            approval=approvals.one(approval_id) if approval_id else None,
            trusted=principal.may(APPROVE),
        )
        place = reverse("deployment", args=[made.pk], request=request)
        body = DeploymentSummary(insight.deployment(made.pk)).data
        return Response(body, status=status.HTTP_202_ACCEPTED, headers={"Location": place})


@extend_schema(
    tags=["deployments"],
    request=LaunchRequest,
    responses={200: PlanRepresentation},
    parameters=[IDEMPOTENCY_KEY],
)
class DeploymentPlans(IdempotentPost, APIView):
    """What a launch would do at its target; nothing is done."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": READ}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        said = checked(LaunchRequest, request.data)
        release = releases.release(said.pop("release_id"))
        said.pop("approval_id")
        steps = launch.plan(release.project, release, **said)
        told = {
            "steps": steps,
            "effect": launch.effect_of(release.project, release, **said),
            "needs_approval": _needs_approval(said["environment"], principal_of(request)),
        }
        return Response(PlanRepresentation(told).data)


def _needs_approval(environment: str, principal: Principal) -> bool:
    return not principal.may(APPROVE) and launch.guarded(environment)


@extend_schema(tags=["deployments"], responses=DeploymentSummary)
class DeploymentDetail(APIView):
    """One deployment: its state, its reason, its address."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}

    def get(self, _request: Request, deployment_id: UUID) -> Response:
        return Response(DeploymentSummary(insight.deployment(deployment_id)).data)


@extend_schema(
    tags=["deployments"],
    responses=LogRepresentation,
    parameters=[OpenApiParameter("after", OpenApiTypes.INT, description="lines after this number")],
)
class DeploymentLogs(APIView):
    """What its build and program wrote; values of variables are hidden in it."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}

    def get(self, request: Request, deployment_id: UUID) -> Response:
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) <= 9):  # noqa: PLR2004  a PostgreSQL integer
            raise BadParameter("after is the number of a line.", parameter="after")
        found = list(insight.lines(insight.deployment(deployment_id), int(after))[:LOG_PAGE])
        last = found[-1].number if found else int(after)
        return Response(LogRepresentation({"lines": found, "after": last}).data)


@extend_schema(
    tags=["deployments"], request=None, responses={200: DeploymentSummary}, parameters=[IDEMPOTENCY_KEY]
)
class DeploymentCancellation(IdempotentPost, APIView):
    """Cancel a deployment that is not live yet."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": WRITE}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        steering.cancel(kwargs["deployment_id"], actor=principal_of(request).name)
        return Response(DeploymentSummary(insight.deployment(kwargs["deployment_id"])).data)


@method_decorator(transaction.non_atomic_requests, name="dispatch")  # a large one takes a while to pack
class DeploymentBundle(APIView):
    """The container recipe and Kubernetes manifests of a deployment with its files, as a tar.gz archive."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}
    content_negotiation_class = AnyType

    @extend_schema(tags=["deployments"], responses={(200, MEDIA_TYPE): OpenApiTypes.BINARY})
    def get(self, _request: Request, deployment_id: UUID) -> StreamingHttpResponse:
        row = insight.deployment(deployment_id)
        try:
            written = write_out(spec_of(row, row.service))
        except TargetRefused as error:
            raise Unprocessable(str(error)) from error
        return packed_response(written.chunks(), name=f"{written.folder}.tar.gz", media_type=MEDIA_TYPE)


def _uuid(name: str, asked: Any) -> UUID:
    try:
        return UUID(asked[name])
    except ValueError:
        raise BadParameter(f"{name} is a UUID.", parameter=name) from None
