"""The tenant's stored secrets: set and deleted here, named in lists, never shown again."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from miosa.http.pagination import CreatedCursorPagination
from tenants import vault
from tenants.models import StoredSecret
from tenants.principal import principal_of


class SecretRequest(serializers.Serializer[Any]):
    value = serializers.CharField(
        max_length=vault.MOST_BYTES, trim_whitespace=False, write_only=True, help_text="never sent back"
    )


class SecretRepresentation(serializers.ModelSerializer[StoredSecret]):
    class Meta:
        model = StoredSecret
        fields = ("name", "key_id", "created", "updated")
        read_only_fields = fields


@extend_schema(tags=["secrets"])
class Secrets(ListAPIView[StoredSecret]):
    """Names of the tenant's secrets, the master key each is sealed with, and when it was set; never a value."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "secrets:read"}
    serializer_class = SecretRepresentation
    pagination_class = CreatedCursorPagination
    queryset = StoredSecret.objects.none()

    def get_queryset(self) -> Any:
        return StoredSecret.objects.defer("sealed")


class SecretDetail(APIView):
    """One secret by its name, as in `provider/groq`."""

    required_scopes: ClassVar[dict[str, str]] = {"PUT": "secrets:write", "DELETE": "secrets:write"}

    @extend_schema(tags=["secrets"], request=SecretRequest, responses={200: SecretRepresentation})
    def put(self, request: Request, name: str) -> Response:
        """Set it; an older value is gone."""
        payload = SecretRequest(data=request.data)
        payload.is_valid(raise_exception=True)
        row = vault.put(name, payload.validated_data["value"], actor=principal_of(request).name)
        return Response(SecretRepresentation(row).data)

    @extend_schema(tags=["secrets"], responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        vault.forget(name, actor=principal_of(request).name)
        return Response(status=status.HTTP_204_NO_CONTENT)
