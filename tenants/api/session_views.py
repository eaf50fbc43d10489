"""Signing in, staying signed in, signing out; and who is signed in where."""

from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from miosa.http.exception_handler import told_and_kept
from miosa.http.problem import BadParameter, Forbidden, NotFound, Unauthenticated
from tenants import sessions, sign_in, throttling
from tenants.api.session_serializers import (
    RefreshRequest,
    SessionRepresentation,
    TokenRepresentation,
    TokenRequest,
)
from tenants.models import Session
from tenants.principal import Principal, principal_of
from tenants.sessions import Grant

OTHERS = {"GET": "members:read", "DELETE": "members:write"}  # beside one's own; admins and owners hold them
EVERYBODYS = OpenApiParameter(
    "all", bool, description="Sessions of all members; takes the scope members:read."
)


class Tokens(APIView):
    """A session's tokens. The access token lives for minutes; the refresh token, good for one use, brings the next two."""

    permission_classes = (AllowAny,)
    public = True

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Signing in needs no credential, and one that has run out must not stand in its way."""
        return super().get_authenticators() if self.request and self.request.method == "DELETE" else []

    @extend_schema(request=TokenRequest, responses={201: TokenRepresentation}, auth=[], tags=["access"])
    def post(self, request: Request) -> Response:
        """Trade e-mail address and password for a session's first tokens."""
        payload = TokenRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        throttling.refuse_guessing("sign-in", email=payload.validated_data["email"])
        grant = sign_in.sign_in(**payload.validated_data, request_facts=sessions.facts_of(request))
        return _handed_out(grant)

    @extend_schema(request=None, responses={204: None}, tags=["access"])
    def delete(self, request: Request) -> Response:
        """Sign out: the session of this access token ends at once, with all its tokens and open streams."""
        principal: Any = request.user
        if not isinstance(principal, Principal):
            raise Unauthenticated
        if principal.session_id is None:
            raise Forbidden("An API key has no session to end; revoke it by DELETE /api/v1/api-keys/{id}.")
        session = Session.objects.get(pk=principal.session_id)
        sessions.end(session, because=Session.Revoked.LOGOUT, actor=principal.name)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokenRefresh(APIView):
    """Trade a refresh token for the next one and a new access token. One that was used before ends its session."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    public = True

    @extend_schema(request=RefreshRequest, responses={201: TokenRepresentation}, auth=[], tags=["access"])
    def post(self, request: Request) -> Response:
        payload = RefreshRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        grant = sign_in.stay_signed_in(payload.validated_data["refresh_token"])
        if grant is None:
            told = Unauthenticated("The refresh token is unknown, used or expired; sign in again.")
            return told_and_kept(told, request)
        return _handed_out(grant)


class Sessions(ListAPIView[Session]):
    """Where you are signed in."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "sessions:read"}
    serializer_class = SessionRepresentation
    queryset = Session.objects.none()

    def get_queryset(self) -> Any:
        """The caller's own living sessions; with `?all=true` everybody's."""
        principal = principal_of(self.request)
        rows = sessions.living().select_related("user")
        if _wants_all(self.request):
            return rows
        return rows.filter(user_id=principal.user_id) if principal.user_id else rows.none()

    def get_serializer_context(self) -> dict[str, Any]:
        """Let the representation mark the session that asks."""
        mine = getattr(self.request.user, "session_id", None)
        return {**super().get_serializer_context(), "session_id": mine}

    @extend_schema(parameters=[EVERYBODYS], tags=["access"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


@extend_schema(tags=["access"])
class SessionDetail(GenericAPIView[Session]):
    """One session: end it. Another member's takes the scope members:write."""

    required_scopes: ClassVar[dict[str, str]] = {"DELETE": "sessions:write"}
    queryset = Session.objects.none()

    @extend_schema(responses={204: None})
    def delete(self, request: Request, session_id: UUID) -> Response:
        principal = principal_of(request)
        session = Session.objects.filter(pk=session_id).first()
        own = session is not None and session.user_id == principal.user_id
        if session is None or not (own or principal.may(OTHERS["DELETE"])):
            raise NotFound("There is no such session.")
        because = Session.Revoked.LOGOUT if own else Session.Revoked.ADMINISTRATOR
        sessions.end(session, because=because, actor=principal.name)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _wants_all(request: Request) -> bool:
    wanted = request.query_params.get("all", "false")
    if wanted not in {"true", "false"}:
        raise BadParameter("all is true or false.", parameter="all")
    if wanted == "true" and not principal_of(request).may(OTHERS["GET"]):
        raise Forbidden(
            f"This credential lacks the scope {OTHERS['GET']}, which other members' sessions take."
        )
    return wanted == "true"


def _handed_out(grant: Grant) -> Response:
    body = TokenRepresentation(asdict(grant) | {"token_type": "Bearer"}).data
    return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})
