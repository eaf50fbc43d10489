"""The public halves of the signing keys, where verifiers look for them (RFC 7517)."""

from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import key_ring, tokens

MAX_AGE_S = 300


class Jwks(APIView):
    """The keys that access tokens can be verified with; none where they are signed with the one secret (HS256)."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    public = True

    @extend_schema(responses={200: OpenApiTypes.OBJECT}, auth=[], tags=["access"])
    def get(self, _request: Request) -> Response:
        algorithm = settings.ENVIRONMENT.jwt_algorithm
        keys: list[dict[str, Any]] = [] if algorithm == tokens.SYMMETRIC else key_ring.published(algorithm)
        return Response({"keys": keys}, headers={"Cache-Control": f"public, max-age={MAX_AGE_S}"})
