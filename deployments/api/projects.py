"""Projects: made, listed, changed, put away, brought back; and the variables of their environments."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from deployments import projects, variables
from deployments.api.project_serializers import (
    ProjectChange,
    ProjectRepresentation,
    ProjectRequest,
    VariableList,
    VariableRepresentation,
    VariablesRequest,
)
from deployments.models import Project
from deployments.strict import checked
from miosa.http.problem import BadParameter
from tenants.idempotency import IdempotentPost
from tenants.principal import principal_of

READ, WRITE = "projects:read", "projects:write"
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Repeat a request safely: the same key within 24 hours gets the first answer.",
)
ARCHIVED = OpenApiParameter("archived", OpenApiTypes.BOOL, description="those that were put away instead")


class Projects(IdempotentPost, ListAPIView[Project]):
    """The tenant's projects, newest first; a POST makes one."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "POST": WRITE}
    serializer_class = ProjectRepresentation
    queryset = Project.objects.none()

    def get_queryset(self) -> Any:
        archived = self.request.query_params.get("archived", "false")
        if archived not in {"true", "false"}:
            raise BadParameter("archived is true or false.", parameter="archived")
        return projects.listed(archived=archived == "true")

    @extend_schema(tags=["projects"], parameters=[ARCHIVED])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        tags=["projects"],
        request=ProjectRequest,
        responses={201: ProjectRepresentation},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        made = projects.create(**checked(ProjectRequest, request.data), created_by=principal_of(request).name)
        place = reverse("project", args=[made.pk], request=request)
        body = ProjectRepresentation(made).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": place})


@extend_schema(tags=["projects"], responses=ProjectRepresentation)
class ProjectDetail(APIView):
    """One project."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    def get(self, _request: Request, project_id: UUID) -> Response:
        return Response(ProjectRepresentation(projects.project(project_id)).data)

    @extend_schema(request=ProjectChange)
    def patch(self, request: Request, project_id: UUID) -> Response:
        payload = ProjectChange(data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        return Response(ProjectRepresentation(projects.change(project_id, **payload.validated_data)).data)

    @extend_schema(description="Puts it away; a restoration brings it back as it was.")
    def delete(self, _request: Request, project_id: UUID) -> Response:
        return Response(ProjectRepresentation(projects.archive(project_id)).data)


@extend_schema(
    tags=["projects"], request=None, responses={200: ProjectRepresentation}, parameters=[IDEMPOTENCY_KEY]
)
class ProjectRestoration(IdempotentPost, APIView):
    """Bring a project back that was put away."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": WRITE}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(ProjectRepresentation(projects.restore(kwargs["project_id"])).data)


@extend_schema(tags=["projects"], responses=VariableList)
class ProjectVariables(APIView):
    """Names of the variables that a project's programs are given; a value is never sent back."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "PUT": WRITE, "DELETE": WRITE}

    @extend_schema(operation_id="projects_variables_list")
    def get(self, _request: Request, project_id: UUID) -> Response:
        return _names(projects.project(project_id))

    @extend_schema(request=VariablesRequest)
    def put(self, request: Request, project_id: UUID) -> Response:
        """Set some; the others stay."""
        project, said = projects.project(project_id), checked(VariablesRequest, request.data)
        variables.put(
            project, said["values"], environment=said["environment"], actor=principal_of(request).name
        )
        return _names(project)

    @extend_schema(
        parameters=[
            OpenApiParameter("name", OpenApiTypes.STR, required=True),
            OpenApiParameter("environment", OpenApiTypes.STR, enum=variables.ENVIRONMENTS),
        ]
    )
    def delete(self, request: Request, project_id: UUID) -> Response:
        project = projects.project(project_id)
        variables.forget(
            project,
            request.query_params.get("name", ""),
            environment=request.query_params.get("environment", variables.ALL),
            actor=principal_of(request).name,
        )
        return _names(project)


def _names(project: Project) -> Response:
    items = VariableRepresentation(variables.listed(project), many=True).data
    return Response({"items": items, "next": None})
