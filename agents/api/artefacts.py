"""The routes of what an execution did with tools, and of the files it holds."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import artefacts, insight_tools
from agents.api.tool_serializers import ArtefactRepresentation, ToolUseRepresentation
from agents.models import Artefact, ToolUse
from deployments.downloads import file_response

READ = "executions:read"


@extend_schema_view(get=extend_schema(tags=["executions"]))
class ToolUses(ListAPIView[ToolUse]):
    """What an execution's agents did with tools, in order, with what came back."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}
    serializer_class = ToolUseRepresentation
    queryset = ToolUse.objects.none()

    def get_queryset(self) -> Any:
        return insight_tools.uses(self.kwargs["execution_id"])


@extend_schema_view(get=extend_schema(tags=["executions"]))
class Artefacts(ListAPIView[Artefact]):
    """The files of an execution, every version with its SHA-256."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}
    serializer_class = ArtefactRepresentation
    queryset = Artefact.objects.none()

    def get_queryset(self) -> Any:
        return insight_tools.files(self.kwargs["execution_id"])


@extend_schema(tags=["executions"], responses=ArtefactRepresentation)
class ArtefactDetail(APIView):
    """One version of one file."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}

    def get(self, _request: Request, artefact_id: UUID) -> Response:
        return Response(ArtefactRepresentation(artefacts.one(artefact_id)).data)


@extend_schema(tags=["executions"], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
class ArtefactContent(APIView):
    """The bytes of one version of one file."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}

    def get(self, _request: Request, artefact_id: UUID) -> HttpResponse:
        row = artefacts.one(artefact_id)
        return file_response(row.path, artefacts.read(row), headers={"ETag": f'"{row.digest}"'})
