"""The route of an execution's plan as a graph."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import insight_graph
from agents.models import Execution, Step


class EdgeRepresentation(serializers.Serializer[Any]):
    before = serializers.CharField(help_text="key of the step that is waited for")
    after = serializers.CharField(help_text="key of the step that waits")


class GraphStepRepresentation(serializers.ModelSerializer[Step]):
    confidence = serializers.FloatField(read_only=True, allow_null=True, help_text="0 to 10")
    added_by = serializers.ChoiceField(
        choices=insight_graph.ADDED_BY,
        help_text="what brought it into the plan; plan: it was planned at first",
    )

    class Meta:
        model = Step
        fields = (
            "key",
            "agent",
            "purpose",
            "reason",
            "added_by",
            "depends_on",
            "state",
            "success",
            "confidence",
            "waits_for",
            "error",
            "started",
            "finished",
        )
        read_only_fields = fields


class GraphRepresentation(serializers.Serializer[Any]):
    execution_id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Execution.State.choices)
    steps = GraphStepRepresentation(many=True)
    edges = EdgeRepresentation(many=True)


@extend_schema(tags=["executions"], responses=GraphRepresentation)
class Graph(APIView):
    """The plan as it stands: its steps, what waits for what, and which step was added on the way."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "executions:read"}

    def get(self, _request: Request, execution_id: UUID) -> Response:
        return Response(GraphRepresentation(insight_graph.graph(execution_id)).data)
