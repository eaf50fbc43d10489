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
from deployments.approval_requests import ApprovalPolicyRequest
from deployments.models import ApprovalPolicy
from deployments.strict import checked
from tenants.idempotency import IdempotentPost
from tenants.principal import principal_of


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
