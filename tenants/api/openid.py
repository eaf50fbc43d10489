"""Signing in at the OpenID provider, for the API: there and back, then tokens."""

from dataclasses import asdict

from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from miosa.http.problem import Problem
from tenants import sessions
from tenants.api.session_serializers import TokenRepresentation
from tenants.openid import entry, round_trip

DOOR = "/api/v1/openid/callback"


class LoginRequest(serializers.Serializer[dict[str, str]]):
    tenant = serializers.SlugField(max_length=48, help_text="slug of the tenant to work in")


@method_decorator(transaction.non_atomic_requests, name="dispatch")  # the network is asked in between
class OpenIDLogin(APIView):
    """Send the browser to the provider; it comes back to /openid/callback within ten minutes."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    public = True

    @extend_schema(parameters=[LoginRequest], responses={302: None}, auth=[], tags=["access"])
    def get(self, request: Request) -> Response:
        payload = LoginRequest(data=request.query_params)
        payload.is_valid(raise_exception=True)
        url, cookie = round_trip.begin(DOOR, tenant=payload.validated_data["tenant"])
        response = Response(status=status.HTTP_302_FOUND, headers={"Location": url})
        round_trip.remember(response, cookie, door=DOOR)
        return response


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class OpenIDCallback(APIView):
    """Where the provider sends the browser back: the answer holds the tokens of a new session."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    public = True

    @extend_schema(
        parameters=[OpenApiParameter("code", str), OpenApiParameter("state", str)],
        responses={200: TokenRepresentation},
        auth=[],
        tags=["access"],
    )
    def get(self, request: Request) -> Response:
        cookie = request.COOKIES.get(round_trip.COOKIE, "")
        account, goal = round_trip.end(DOOR, query=request.query_params, cookie=cookie)
        grant = entry.enter_tenant(account, slug=goal["tenant"], request_facts=sessions.facts_of(request))
        response = Response(TokenRepresentation(asdict(grant)).data)
        round_trip.forget(response, door=DOOR)
        return response

    def handle_exception(self, exc: Exception) -> Response:
        """A trip that failed is over too."""
        response = super().handle_exception(exc)
        if isinstance(exc, Problem) and not exc.retryable:
            round_trip.forget(response, door=DOOR)
        return response
