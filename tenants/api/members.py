"""Who belongs to the tenant, and who is asking."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import members
from tenants.api.people_serializers import MemberRepresentation, MemberRequest, MeRepresentation
from tenants.models import ApiKey, Membership, User
from tenants.permissions import HasCredential
from tenants.principal import Principal, principal_of
from tenants.registry import tenant_by_id


class Me(APIView):
    """Who the credential speaks for, in which tenant, and what it may do."""

    permission_classes = (HasCredential,)
    required_scopes: ClassVar[dict[str, str]] = {"GET": "any credential"}

    @extend_schema(responses=MeRepresentation, tags=["access"])
    def get(self, request: Request) -> Response:
        return Response(MeRepresentation(_facts(principal_of(request))).data)


@extend_schema(tags=["people"])
class Members(ListAPIView[Membership]):
    """The tenant's members and their roles."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "members:read"}
    serializer_class = MemberRepresentation
    queryset = Membership.objects.none()

    def get_queryset(self) -> Any:
        return Membership.objects.select_related("user")


@extend_schema(tags=["people"])
class MemberDetail(GenericAPIView[Membership]):
    """One member: give another role, or remove. The last owner stays; nobody deals with a role above their own."""

    required_scopes: ClassVar[dict[str, str]] = {"PATCH": "members:write", "DELETE": "members:write"}
    serializer_class = MemberRepresentation
    queryset = Membership.objects.none()

    @extend_schema(request=MemberRequest)
    def patch(self, request: Request, member_id: UUID) -> Response:
        payload = MemberRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        by = members.authority_of(principal_of(request))
        row = members.change_role(member_id, to=payload.validated_data["role"], by=by)
        return Response(MemberRepresentation(row).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, member_id: UUID) -> Response:
        members.remove(member_id, by=members.authority_of(principal_of(request)))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _facts(principal: Principal) -> dict[str, Any]:
    person = User.objects.filter(pk=principal.user_id).first() if principal.user_id else None
    key = ApiKey.objects.filter(pk=principal.key_id).first() if principal.key_id else None
    seat = None if key else Membership.objects.filter(user_id=principal.user_id).first()
    return {
        "kind": "key" if key else "person",
        "user_id": principal.user_id,
        "email": person.email if person else None,
        "name": person.name if person else None,
        "role": seat.role if seat else None,
        "scopes": sorted(principal.scopes),
        "tenant": tenant_by_id(principal.tenant_id),
        "key": key,
    }
