"""API keys."""

from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from miosa.http.problem import NotFound
from tenants import api_keys
from tenants.api.openapi import IDEMPOTENCY_KEY
from tenants.api.serializers import (
    ApiKeyRepresentation,
    ApiKeyRequest,
    ApiKeyRotationRequest,
    ApiKeyWithSpending,
    NewApiKeyRepresentation,
)
from tenants.idempotency import IdempotentPost
from tenants.models import ApiKey
from tenants.principal import principal_of


@extend_schema(tags=["access"])
class ApiKeys(IdempotentPost, ListAPIView[ApiKey]):
    """The tenant's API keys; a new one is shown once."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "api-keys:read", "POST": "api-keys:write"}
    serializer_class = ApiKeyRepresentation
    queryset = ApiKey.objects.none()
    shown_once = ("key",)

    def get_queryset(self) -> Any:
        return ApiKey.objects.all()

    @extend_schema(
        request=ApiKeyRequest,
        responses={201: NewApiKeyRepresentation},
        parameters=[IDEMPOTENCY_KEY],
        tags=["access"],
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        payload = ApiKeyRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        row, plain = api_keys.make(**payload.validated_data, creator=principal_of(request))
        return _shown(request, row, plain)


@extend_schema(tags=["access"])
class ApiKeyDetail(GenericAPIView[ApiKey]):
    """One API key: read it, narrow it or revoke it."""

    required_scopes: ClassVar[dict[str, str]] = {
        "GET": "api-keys:read",
        "PATCH": "api-keys:write",
        "DELETE": "api-keys:write",
    }
    serializer_class = ApiKeyRepresentation
    queryset = ApiKey.objects.none()

    @extend_schema(responses=ApiKeyWithSpending)
    def get(self, _request: Request, key_id: UUID) -> Response:
        body = ApiKeyRepresentation(_row(key_id)).data
        return Response(body | import_string(settings.API_KEY_SPENDING)(key_id))

    @extend_schema(
        request=ApiKeyRequest,
        responses=ApiKeyRepresentation,
        description="Only closer: never beyond what the key is, nor beyond the credential that asks.",
    )
    def patch(self, request: Request, key_id: UUID) -> Response:
        payload = ApiKeyRequest(data=request.data, partial=True)
        payload.is_valid(raise_exception=True)
        row = api_keys.narrow(_row(key_id), payload.validated_data, by=principal_of(request))
        return Response(ApiKeyRepresentation(row).data)

    @extend_schema(responses={204: None})
    def delete(self, _request: Request, key_id: UUID) -> Response:
        api_keys.revoke(_row(key_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ApiKeyRotations(IdempotentPost, APIView):
    """Give a key a new secret; the old one works until the grace is over."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "api-keys:write"}
    shown_once = ("key",)

    @extend_schema(
        request=ApiKeyRotationRequest,
        responses={201: NewApiKeyRepresentation},
        parameters=[IDEMPOTENCY_KEY],
        tags=["access"],
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = _row(kwargs["key_id"])
        payload = ApiKeyRotationRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        return _shown(request, *api_keys.rotate(row, by=principal_of(request), **payload.validated_data))


def _row(key_id: UUID) -> ApiKey:
    row: ApiKey | None = ApiKey.objects.filter(pk=key_id).first()
    if row is None:
        raise NotFound("There is no such API key.")
    return row


def _shown(request: Request, row: ApiKey, plain: str) -> Response:
    """Return the one answer that holds the key."""
    body = ApiKeyRepresentation(row).data | {"key": plain}
    headers = {"Cache-Control": "no-store", "Location": reverse("api-key", args=[row.pk], request=request)}
    return Response(body, status=status.HTTP_201_CREATED, headers=headers)
