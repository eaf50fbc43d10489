"""What goes in and out of the routes of releases."""

from typing import Any

from rest_framework import serializers

from deployments.models import Release
from deployments.releases import MOST_NOTE
from deployments.strict import StrictRequest


class ReleaseRequest(StrictRequest):
    note = serializers.CharField(max_length=MOST_NOTE, default="", allow_blank=True)


class ReleaseSummary(serializers.ModelSerializer[Release]):
    project_id = serializers.UUIDField(read_only=True)

    class Meta:
        model = Release
        fields: tuple[str, ...] = (
            "id",
            "project_id",
            "number",
            "checksum",
            "size_bytes",
            "files",
            "note",
            "author",
            "execution_id",
            "created",
        )
        read_only_fields = fields


class ManifestEntry(serializers.Serializer[Any]):
    path = serializers.CharField()
    digest = serializers.CharField(help_text="SHA-256")
    size = serializers.IntegerField()
    executable = serializers.BooleanField()


class ReleaseRepresentation(ReleaseSummary):
    manifest = ManifestEntry(many=True, read_only=True)
    recipe = serializers.DictField(read_only=True)
    evidence = serializers.ListField(child=serializers.DictField(), read_only=True)

    class Meta(ReleaseSummary.Meta):
        fields = (*ReleaseSummary.Meta.fields, "recipe", "evidence", "manifest")
        read_only_fields = fields


class ChangeRepresentation(serializers.Serializer[Any]):
    effect = serializers.CharField(help_text="added, removed, modified, renamed or mode")
    path = serializers.CharField()
    old_path = serializers.CharField(allow_blank=True)
    before = ManifestEntry(allow_null=True)
    after = ManifestEntry(allow_null=True)
    patch = serializers.CharField(allow_blank=True, help_text="unified diff")
    omitted = serializers.CharField(allow_blank=True, help_text="why there is no patch")
    added_lines = serializers.IntegerField()
    removed_lines = serializers.IntegerField()


class DifferenceRepresentation(serializers.Serializer[Any]):
    release_id = serializers.UUIDField()
    against_id = serializers.UUIDField(allow_null=True, help_text="null: against nothing, it is the first")
    counts = serializers.DictField(child=serializers.IntegerField())
    added_lines = serializers.IntegerField()
    removed_lines = serializers.IntegerField()
    recipe_changed = serializers.BooleanField()
    changes = ChangeRepresentation(many=True)


class Verification(serializers.Serializer[Any]):
    intact = serializers.BooleanField()
    faults = serializers.ListField(child=serializers.CharField())
