"""Seats offered by link: made, listed, taken back, and accepted by whoever has the link."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import acceptance, invitations, members
from tenants.api.openapi import IDEMPOTENCY_KEY
from tenants.api.people_serializers import (
    AcceptanceRepresentation,
    AcceptanceRequest,
    InvitationRepresentation,
    InvitationRequest,
    NewInvitationRepresentation,
)
from tenants.idempotency import IdempotentPost
from tenants.invitation_letter import link_to
from tenants.models import Invitation
from tenants.principal import principal_of

UNKEPT = {"Cache-Control": "no-store"}


@extend_schema(tags=["people"])
class Invitations(IdempotentPost, ListAPIView[Invitation]):
    """The tenant's invitations; the link of a new one is shown once, and mailed."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "invitations:read", "POST": "invitations:write"}
    serializer_class = InvitationRepresentation
    queryset = Invitation.objects.none()
    shown_once = ("link", "token")

    def get_queryset(self) -> Any:
        return Invitation.objects.all()

    @extend_schema(
        request=InvitationRequest,
        responses={201: NewInvitationRepresentation},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        payload = InvitationRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        row, token = invitations.invite_as(principal_of(request), **payload.validated_data)
        body = InvitationRepresentation(row).data | {"link": link_to(token), "token": token}
        return Response(body, status=status.HTTP_201_CREATED, headers=UNKEPT)


@extend_schema(tags=["people"])
class InvitationDetail(GenericAPIView[Invitation]):
    """One invitation: take it back."""

    required_scopes: ClassVar[dict[str, str]] = {"DELETE": "invitations:write"}
    serializer_class = InvitationRepresentation
    queryset = Invitation.objects.none()

    @extend_schema(responses={204: None})
    def delete(self, request: Request, invitation_id: UUID) -> Response:
        invitations.revoke(invitation_id, by=members.authority_of(principal_of(request)))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Acceptances(APIView):
    """Accept an invitation: new people choose a password, known people give theirs. Then sign in at /tokens."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    public = True

    @extend_schema(
        request=AcceptanceRequest, responses={201: AcceptanceRepresentation}, auth=[], tags=["people"]
    )
    def post(self, request: Request) -> Response:
        payload = AcceptanceRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        seated = acceptance.accept_with_password(**payload.validated_data)
        body = {"email": seated.person.email, "role": seated.role, "tenant": seated.tenant.slug}
        return Response(AcceptanceRepresentation(body).data, status=status.HTTP_201_CREATED, headers=UNKEPT)
