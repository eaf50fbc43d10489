"""Sign-in and API keys."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from miosa.http.problem import NotFound
from tenants import api_keys, sign_in, tokens
from tenants.api.serializers import (
    ApiKeyRepresentation,
    ApiKeyRequest,
    NewApiKeyRepresentation,
    TokenRepresentation,
    TokenRequest,
)
from tenants.models import ApiKey
from tenants.principal import principal_of


class Tokens(APIView):
    """Trade e-mail address and password for an access token of 15 minutes."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    public = True

    @extend_schema(request=TokenRequest, responses={201: TokenRepresentation}, auth=[], tags=["access"])
    def post(self, request: Request) -> Response:
        payload = TokenRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        token = sign_in.sign_in(**payload.validated_data)
        body = TokenRepresentation(
            {"access_token": token, "token_type": "Bearer", "expires_in": tokens.LIFETIME_S}
        )
        return Response(body.data, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


@extend_schema(tags=["access"])
class ApiKeys(ListAPIView[ApiKey]):
    """The tenant's API keys; a new one is shown once."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "api-keys:read", "POST": "api-keys:write"}
    serializer_class = ApiKeyRepresentation
    queryset = ApiKey.objects.none()

    def get_queryset(self) -> Any:
        return ApiKey.objects.all()

    @extend_schema(request=ApiKeyRequest, responses={201: NewApiKeyRepresentation}, tags=["access"])
    def post(self, request: Request) -> Response:
        payload = ApiKeyRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        row, plain = api_keys.make(**payload.validated_data, creator=principal_of(request))
        body = ApiKeyRepresentation(row).data | {"key": plain}
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


@extend_schema(tags=["access"])
class ApiKeyDetail(GenericAPIView[ApiKey]):
    """One API key: read it or revoke it."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "api-keys:read", "DELETE": "api-keys:write"}
    serializer_class = ApiKeyRepresentation
    queryset = ApiKey.objects.none()

    def get(self, _request: Request, key_id: Any) -> Response:
        return Response(ApiKeyRepresentation(self._row(key_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, _request: Request, key_id: Any) -> Response:
        api_keys.revoke(self._row(key_id))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _row(self, key_id: Any) -> ApiKey:
        row: ApiKey | None = ApiKey.objects.filter(pk=key_id).first()
        if row is None:
            raise NotFound("There is no such API key.")
        return row
