"""What goes in and out of the routes of API keys."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from miosa.limits_environment import MOST
from tenants.api_keys import LONGEST_GRACE_S
from tenants.models import ApiKey
from tenants.scopes import ALL

MOST_MICROS = 10**15


class ApiKeyRequest(serializers.Serializer[Any]):
    """A new key. What is not given is the maker's own."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(ALL)), min_length=1, help_text="no scope beyond your own"
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="no later than your own credential's, if that ends"
    )
    rate_per_minute = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MOST, help_text="null: as your own"
    )
    budget_micros = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MOST_MICROS,
        help_text="micro-dollars a calendar month (UTC), with all keys it makes; null: as your own",
    )

    def validate_expires_at(self, value: Any) -> Any:
        if value and value <= timezone.now():
            raise serializers.ValidationError("must lie in the future")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = self.initial_data
        if isinstance(given, Mapping) and (unknown := set(given) - set(self.fields)):
            raise serializers.ValidationError(dict.fromkeys(sorted(unknown), "is not known here"))
        if "scopes" in attrs:
            attrs["scopes"] = frozenset(attrs["scopes"])
        return attrs


class ApiKeyRotationRequest(serializers.Serializer[Any]):
    grace_s = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=LONGEST_GRACE_S,
        help_text="seconds for which the old secret works too",
    )


class ApiKeyRepresentation(serializers.ModelSerializer[ApiKey]):
    parent_id = serializers.UUIDField(
        read_only=True, allow_null=True, help_text="the key that made this one; it ends with it"
    )

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            "id",
            "name",
            "prefix",
            "scopes",
            "rate_per_minute",
            "budget_micros",
            "parent_id",
            "created",
            "expires_at",
            "last_used_at",
            "revoked_at",
            "former_until",
        )
        read_only_fields = fields


class ApiKeyWithSpending(ApiKeyRepresentation):
    spent_micros = serializers.IntegerField(
        read_only=True, help_text="this month, with all keys it made, in micro-dollars"
    )
    reserved_micros = serializers.IntegerField(
        read_only=True, help_text="set aside for work that has not ended, in micro-dollars"
    )

    class Meta(ApiKeyRepresentation.Meta):
        fields = (*ApiKeyRepresentation.Meta.fields, "spent_micros", "reserved_micros")
        read_only_fields = fields


class NewApiKeyRepresentation(ApiKeyRepresentation):
    key = serializers.CharField(read_only=True, help_text="shown this once")

    class Meta(ApiKeyRepresentation.Meta):
        fields = (*ApiKeyRepresentation.Meta.fields, "key")
        read_only_fields = fields
