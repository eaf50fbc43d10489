"""The routes of tools: what there is, the tenant's rules, its MCP servers."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from agents import insight_tools, mcp_servers, tool_rules
from agents.api.control import IDEMPOTENCY_KEY
from agents.api.tool_serializers import (
    McpServerChange,
    McpServerRepresentation,
    McpServerRequest,
    ToolList,
    ToolRepresentation,
    ToolRuleRepresentation,
)
from agents.models import McpServer, ToolRule
from agents.requests import ToolRuleRequest
from miosa.http.problem import NotFound
from tenants.idempotency import IdempotentPost
from tenants.principal import principal_of

READ, WRITE = "tools:read", "tools:write"


@extend_schema(operation_id="tools_list", tags=["tools"], responses=ToolList)
class Tools(APIView):
    """Every tool that this tenant's agents may ask for, with what becomes of it."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}

    def get(self, _request: Request) -> Response:
        return Response({"items": ToolRepresentation(insight_tools.tools(), many=True).data, "next": None})


@extend_schema_view(
    get=extend_schema(tags=["tools"]),
    post=extend_schema(
        tags=["tools"],
        request=ToolRuleRequest,
        responses={201: ToolRuleRepresentation},
        parameters=[IDEMPOTENCY_KEY],
        description="Set the word on a tool or a pattern; a word that is there is replaced.",
    ),
)
class ToolRules(IdempotentPost, ListAPIView[ToolRule]):
    """The tenant's words on tools, by name."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "POST": WRITE}
    serializer_class = ToolRuleRepresentation
    queryset = ToolRule.objects.none()

    def get_queryset(self) -> Any:
        return tool_rules.listed()

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        said = ToolRuleRequest(data=request.data)
        said.is_valid(raise_exception=True)
        row = tool_rules.decide(**said.validated_data, actor=principal_of(request).name)
        return Response(ToolRuleRepresentation(row).data, status=status.HTTP_201_CREATED)


@extend_schema(tags=["tools"], responses=ToolRuleRepresentation)
class ToolRuleDetail(APIView):
    """One word on a tool; without it the tool's effect decides."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "DELETE": WRITE}

    def get(self, _request: Request, toolrule_id: UUID) -> Response:
        return Response(ToolRuleRepresentation(self._row(toolrule_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, toolrule_id: UUID) -> Response:
        tool_rules.forget(self._row(toolrule_id), actor=principal_of(request).name)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _row(self, toolrule_id: UUID) -> ToolRule:
        row: ToolRule | None = tool_rules.listed().filter(pk=toolrule_id).first()
        if row is None:
            raise NotFound("There is no such rule.")
        return row


@extend_schema_view(
    get=extend_schema(tags=["tools"]),
    post=extend_schema(
        tags=["tools"],
        request=McpServerRequest,
        responses={201: McpServerRepresentation},
        parameters=[IDEMPOTENCY_KEY],
        description="The server is asked for its tools at once; those are the ones that may be used.",
    ),
)
class McpServers(IdempotentPost, ListAPIView[McpServer]):
    """The tenant's MCP servers, by name."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "POST": WRITE}
    serializer_class = McpServerRepresentation
    queryset = McpServer.objects.none()

    def get_queryset(self) -> Any:
        return mcp_servers.listed()

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        said = McpServerRequest(data=request.data)
        said.is_valid(raise_exception=True)
        row = mcp_servers.add(**said.validated_data, actor=principal_of(request).name)
        headers = {"Location": reverse("mcp-server", [row.pk], request=request)}
        return Response(McpServerRepresentation(row).data, status=status.HTTP_201_CREATED, headers=headers)


@extend_schema(tags=["tools"], responses=McpServerRepresentation)
class McpServerDetail(APIView):
    """One MCP server with its tools as they were last seen."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    def get(self, _request: Request, mcpserver_id: UUID) -> Response:
        return Response(McpServerRepresentation(mcp_servers.one(mcpserver_id)).data)

    @extend_schema(request=McpServerChange)
    def patch(self, request: Request, mcpserver_id: UUID) -> Response:
        row, said = mcp_servers.one(mcpserver_id), McpServerChange(data=request.data)
        said.is_valid(raise_exception=True)
        changed = mcp_servers.change(row, actor=principal_of(request).name, **said.validated_data)
        return Response(McpServerRepresentation(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, mcpserver_id: UUID) -> Response:
        mcp_servers.remove(mcp_servers.one(mcpserver_id), actor=principal_of(request).name)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(
    tags=["tools"], request=None, responses={200: McpServerRepresentation}, parameters=[IDEMPOTENCY_KEY]
)
class McpServerLooks(IdempotentPost, APIView):
    """Take a server's tools as they are now; needed before they are used where it changed one."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": WRITE}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = mcp_servers.look(mcp_servers.one(kwargs["mcpserver_id"]), actor=principal_of(request).name)
        return Response(McpServerRepresentation(row).data)
