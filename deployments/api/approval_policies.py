"""The routes of approval policies: what a tenant wants to be asked about beforehand."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from deployments import approval_policies
from deployments.api.deployments import APPROVE, READ
from deployments.api.projects import IDEMPOTENCY_KEY
from deployments.api.strict import StrictRequest, checked
from deployments.approval_rules import DEPLOY, ENVIRONMENTS, MESSAGE, SPEND, TOOL, TOOL_KINDS
from deployments.models import ApprovalPolicy
from tenants.idempotency import IdempotentPost
from tenants.principal import principal_of

MOST_MICROS, SHORTEST_S, LONGEST_S = 10**15, 60, 30 * 86_400
MEMBERS_OF = {
    SPEND: {"above_micros"},
    TOOL: {"above_micros", "tool_kinds"},
    DEPLOY: {"environments"},
    MESSAGE: set[str](),
}


class ApprovalPolicyRequest(StrictRequest):
    kind = serializers.ChoiceField(choices=ApprovalPolicy.Kind.choices)
    asks = serializers.BooleanField(default=True, help_text="off: nobody is asked about effects of this kind")
    above_micros = serializers.IntegerField(
        min_value=0,
        max_value=MOST_MICROS,
        default=None,
        allow_null=True,
        help_text="of spend, and of a tool's cost",
    )
    tool_kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=TOOL_KINDS), default=list, help_text="what a tool does, of tool"
    )
    environments = serializers.ListField(
        child=serializers.ChoiceField(choices=ENVIRONMENTS), default=list, help_text="of deploy"
    )
    waits_s = serializers.IntegerField(
        min_value=SHORTEST_S,
        max_value=LONGEST_S,
        default=approval_policies.WAITS_S,
        help_text="for an answer",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        members = MEMBERS_OF[attrs["kind"]]
        given = {
            name for name in ("above_micros", "tool_kinds", "environments") if attrs[name] not in (None, [])
        }
        if foreign := given - members:
            raise serializers.ValidationError(
                dict.fromkeys(sorted(foreign), f"says nothing about {attrs['kind']}")
            )
        if attrs["asks"] and members and not given:
            raise serializers.ValidationError({min(members): "say what is asked about, or set asks to false"})
        for name in ("tool_kinds", "environments"):
            attrs[name] = sorted(set(attrs[name]))
        return attrs


class ApprovalPolicyRepresentation(serializers.ModelSerializer[ApprovalPolicy]):
    class Meta:
        model = ApprovalPolicy
        fields = (
            *("id", "kind", "asks", "above_micros", "tool_kinds", "environments", "waits_s", "created_by"),
            "created",
        )
        read_only_fields = fields


class ApprovalPolicies(IdempotentPost, ListAPIView[ApprovalPolicy]):
    """The tenant's own policies; without one of a kind, production and messages to the outside are asked about."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "POST": APPROVE}
    serializer_class = ApprovalPolicyRepresentation
    queryset = ApprovalPolicy.objects.none()

    def get_queryset(self) -> Any:
        return approval_policies.listed()

    @extend_schema(tags=["approvals"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        tags=["approvals"],
        request=ApprovalPolicyRequest,
        responses={201: ApprovalPolicyRepresentation},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        said = checked(ApprovalPolicyRequest, request.data)
        made = approval_policies.make(said, actor=principal_of(request).name)
        place = reverse("approval-policy", args=[made.pk], request=request)
        body = ApprovalPolicyRepresentation(made).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": place})


@extend_schema(tags=["approvals"], responses=ApprovalPolicyRepresentation)
class ApprovalPolicyDetail(APIView):
    """One policy. Its kind stays as it is; without it the default of the kind holds again."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "PUT": APPROVE, "DELETE": APPROVE}

    def get(self, _request: Request, approval_policy_id: UUID) -> Response:
        return Response(ApprovalPolicyRepresentation(approval_policies.one(approval_policy_id)).data)

    @extend_schema(request=ApprovalPolicyRequest)
    def put(self, request: Request, approval_policy_id: UUID) -> Response:
        said = checked(ApprovalPolicyRequest, request.data)
        if said["kind"] != approval_policies.one(approval_policy_id).kind:
            raise serializers.ValidationError({"kind": "stays as it is"})
        row = approval_policies.change(approval_policy_id, said, actor=principal_of(request).name)
        return Response(ApprovalPolicyRepresentation(row).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, approval_policy_id: UUID) -> Response:
        approval_policies.delete(approval_policy_id, actor=principal_of(request).name)
        return Response(status=status.HTTP_204_NO_CONTENT)
