"""What goes in and out of the tenants' routes."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from tenants.models import ApiKey
from tenants.scopes import ALL


class TokenRequest(serializers.Serializer[Any]):
    email = serializers.EmailField()
    password = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)
    tenant = serializers.SlugField(max_length=48, help_text="slug of the tenant to work in")


class TokenRepresentation(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    token_type = serializers.CharField(default="Bearer")
    expires_in = serializers.IntegerField(help_text="seconds")


class ApiKeyRequest(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(ALL)), min_length=1, help_text="no scope beyond your own"
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)

    def validate_expires_at(self, value: Any) -> Any:
        if value and value <= timezone.now():
            raise serializers.ValidationError("must lie in the future")
        return value


class ApiKeyRepresentation(serializers.ModelSerializer[ApiKey]):
    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            "id",
            "name",
            "prefix",
            "scopes",
            "created",
            "expires_at",
            "last_used_at",
            "revoked_at",
        )
        read_only_fields = fields


class NewApiKeyRepresentation(ApiKeyRepresentation):
    key = serializers.CharField(read_only=True, help_text="shown this once")

    class Meta(ApiKeyRepresentation.Meta):
        fields = (*ApiKeyRepresentation.Meta.fields, "key")
        read_only_fields = fields
