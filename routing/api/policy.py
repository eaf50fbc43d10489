"""How the tenant wants its models chosen, over the API: read and put as a whole."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from routing import policies
from routing.models import Policy
from routing.policy_change import put_into_force

NODE_WEIGHTS = "by mode (speed, quality, cost, balance), then by node; the six of a mode sum to 1"


class Modes(serializers.DictField):
    """By mode, then by node."""

    child = serializers.DictField(child=serializers.FloatField(min_value=0, max_value=1))


class RoutingPolicyRequest(serializers.Serializer[Any]):
    """All of it: what is left out is not kept but refused."""

    weights = Modes(allow_null=True, allow_empty=False, help_text=f"{NODE_WEIGHTS}; null: the product's")
    most_explored = serializers.FloatField(min_value=0, max_value=1)
    gives_counts = serializers.BooleanField()
    takes_counts = serializers.BooleanField()
    judge_share = serializers.FloatField(min_value=0, max_value=1)


class RoutingPolicyRepresentation(serializers.Serializer[Any]):
    weights = Modes(allow_null=True, help_text="the tenant's own; null: the product's hold")
    weights_in_force = Modes(help_text=NODE_WEIGHTS)
    most_explored = serializers.FloatField(help_text="share of decisions that may try another model")
    gives_counts = serializers.BooleanField(help_text="its counts, never its texts, help others begin")
    takes_counts = serializers.BooleanField(help_text="it begins with what others' counts say")
    judge_share = serializers.FloatField(help_text="share of answers that a stronger model judges")
    changed = serializers.DateTimeField(allow_null=True)


class RoutingPolicy(APIView):
    """Weights, exploration, the pool of counts and judging of this tenant."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "routing:read", "PUT": "routing:write"}

    @extend_schema(tags=["routing"], responses=RoutingPolicyRepresentation)
    def get(self, _request: Request) -> Response:
        return Response(_shown(policies.current()))

    @extend_schema(
        tags=["routing"],
        request=RoutingPolicyRequest,
        responses=RoutingPolicyRepresentation,
        description="In force with the next decision. Other weights become a promotion, which can be taken back.",
    )
    def put(self, request: Request) -> Response:
        payload = RoutingPolicyRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        put_into_force(**payload.validated_data)
        return Response(_shown(policies.current()))


def _shown(policy: Policy) -> dict[str, Any]:
    in_force = policies.named(policies.weights(policy))
    fields = {name: getattr(policy, name) for name in (*policies.FIELDS, "changed")}
    shown: dict[str, Any] = RoutingPolicyRepresentation({**fields, "weights_in_force": in_force}).data
    return shown
