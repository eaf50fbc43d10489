"""What goes in and out of the routes of members, invitations and sign-in by OpenID."""

from typing import Any

from rest_framework import serializers

from tenants.models import Invitation, Membership, Role

MIN_PASSWORD = 10  # as AUTH_PASSWORD_VALIDATORS; here so that the API's document says it


class MemberRequest(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices, help_text="may do no more than you may")


class MemberRepresentation(serializers.ModelSerializer[Membership]):
    user_id = serializers.UUIDField(read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    name = serializers.CharField(source="user.name", read_only=True)

    class Meta:
        model = Membership
        fields: tuple[str, ...] = ("id", "user_id", "email", "name", "role", "created")
        read_only_fields = fields


class MyTenantRepresentation(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()


class MyKeyRepresentation(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField()


class MeRepresentation(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=("person", "key"))
    user_id = serializers.UUIDField(allow_null=True, help_text="of a key: who made it")
    email = serializers.EmailField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    role = serializers.ChoiceField(choices=Role.choices, allow_null=True, help_text="null for a key")
    scopes = serializers.ListField(child=serializers.CharField())
    tenant = MyTenantRepresentation()
    key = MyKeyRepresentation(allow_null=True)


class InvitationRequest(serializers.Serializer[Any]):
    email = serializers.EmailField()
    role = serializers.ChoiceField(
        choices=Role.choices, default=Role.MEMBER, help_text="may do no more than you may"
    )


class InvitationRepresentation(serializers.ModelSerializer[Invitation]):
    state = serializers.SerializerMethodField()
    invited_by_id = serializers.UUIDField(read_only=True, allow_null=True)

    class Meta:
        model = Invitation
        fields: tuple[str, ...] = (
            "id",
            "email",
            "role",
            "state",
            "invited_by_id",
            "created",
            "expires_at",
            "accepted_at",
            "revoked_at",
        )
        read_only_fields = fields

    def get_state(self, row: Invitation) -> str:
        return row.state


class NewInvitationRepresentation(InvitationRepresentation):
    link = serializers.URLField(read_only=True, help_text="shown this once; whoever has it can accept")
    token = serializers.CharField(read_only=True, help_text="the secret in the link")

    class Meta(InvitationRepresentation.Meta):
        fields = (*InvitationRepresentation.Meta.fields, "link", "token")
        read_only_fields = fields


class AcceptanceRequest(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=200, write_only=True)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    password = serializers.CharField(
        max_length=200,
        trim_whitespace=False,
        write_only=True,
        help_text=f"new people choose one of at least {MIN_PASSWORD} characters; known people give theirs",
    )


class AcceptanceRepresentation(serializers.Serializer[Any]):
    email = serializers.EmailField()
    role = serializers.ChoiceField(choices=Role.choices)
    tenant = serializers.SlugField(help_text="for POST /tokens")
