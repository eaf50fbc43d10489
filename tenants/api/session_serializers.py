"""What goes in and out of signing in."""

from typing import Any

from rest_framework import serializers

from tenants.models import Session
from tenants.scopes import ALL

LONGEST_REFRESH_TOKEN = 200


class TokenRequest(serializers.Serializer[Any]):
    email = serializers.EmailField()
    password = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)
    tenant = serializers.SlugField(max_length=48, help_text="slug of the tenant to work in")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(ALL)),
        min_length=1,
        required=False,
        allow_null=True,
        help_text="narrows what the session may do; without it, all that the role may",
    )


class RefreshRequest(serializers.Serializer[Any]):
    refresh_token = serializers.CharField(
        max_length=LONGEST_REFRESH_TOKEN, write_only=True, help_text="good for one use"
    )


class TokenRepresentation(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField(help_text="good for one use, within 30 days")
    token_type = serializers.CharField(default="Bearer")
    expires_in = serializers.IntegerField(help_text="seconds", source="expires_in_s")
    session_id = serializers.UUIDField()


class SessionRepresentation(serializers.ModelSerializer[Session]):
    email = serializers.EmailField(source="user.email", read_only=True)
    current = serializers.SerializerMethodField(help_text="the session of this very credential")

    class Meta:
        model = Session
        fields: tuple[str, ...] = (
            "id",
            "user_id",
            "email",
            "current",
            "scopes",
            "user_agent",
            "address",
            "created",
            "last_used_at",
            "expires_at",
        )
        read_only_fields = fields

    def get_current(self, row: Session) -> bool:
        """Tell whether the caller came with a token of this session."""
        return bool(row.pk == self.context.get("session_id"))
