"""What goes in and out of the routes of tools and files."""

from typing import Any

from rest_framework import serializers

from agents.models import Artefact, McpServer, ToolRule, ToolUse


class ToolRepresentation(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()
    parameters = serializers.JSONField(help_text="JSON schema of its arguments")
    effect = serializers.CharField(help_text="reads, writes, spends or sends")
    decision = serializers.CharField(help_text="allow, ask or deny, where no plan says otherwise")
    timeout_s = serializers.FloatField(help_text="seconds")


class ToolList(serializers.Serializer[Any]):
    items = ToolRepresentation(many=True)
    next = serializers.URLField(allow_null=True)


class ToolRuleRepresentation(serializers.ModelSerializer[ToolRule]):
    class Meta:
        model = ToolRule
        fields = ("id", "tool", "decision", "set_by", "changed")
        read_only_fields = fields


class McpServerRepresentation(serializers.ModelSerializer[McpServer]):
    class Meta:
        model = McpServer
        fields = (
            "id",
            "name",
            "url",
            "credential",
            "enabled",
            "reads_freely",
            "tools",
            "seen",
            "fault",
            "created_by",
            "created",
        )
        read_only_fields = fields


class McpServerRequest(serializers.Serializer[Any]):
    name = serializers.SlugField(max_length=40)
    url = serializers.URLField(max_length=1000, help_text="where it answers, streamable HTTP")
    credential = serializers.CharField(
        max_length=100,
        default="",
        allow_blank=True,
        help_text="name of the secret mcp/<name>: the Authorization header",
    )
    reads_freely = serializers.BooleanField(
        default=False, help_text="use without asking what the server says only reads"
    )


class McpServerChange(serializers.Serializer[Any]):
    url = serializers.URLField(max_length=1000, required=False)
    credential = serializers.CharField(max_length=100, required=False, allow_blank=True)
    enabled = serializers.BooleanField(required=False)
    reads_freely = serializers.BooleanField(required=False)


class ToolUseRepresentation(serializers.ModelSerializer[ToolUse]):
    step = serializers.CharField(source="step.key", read_only=True)

    class Meta:
        model = ToolUse
        fields = (
            "id",
            "step",
            "round",
            "place",
            "said",
            "tool",
            "arguments",
            "effect",
            "state",
            "approval_id",
            "output",
            "data",
            "files",
            "origin",
            "took_ms",
            "created",
            "finished",
        )
        read_only_fields = fields


class ArtefactRepresentation(serializers.ModelSerializer[Artefact]):
    class Meta:
        model = Artefact
        fields = (
            "id",
            "execution_id",
            "step_id",
            "path",
            "number",
            "digest",
            "size_bytes",
            "media_type",
            "origin",
            "created",
        )
        read_only_fields = fields
