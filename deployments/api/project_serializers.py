"""What goes in and out of the routes of projects and their files."""

import base64
import binascii
from typing import Any

from rest_framework import serializers

from deployments.models import FileVersion, Project
from deployments.paths import MOST_PATH
from deployments.strict import StrictRequest
from deployments.variables import ENVIRONMENTS, MOST_VALUE

MOST_DESCRIPTION = 4_000
MOST_FILES_AT_ONCE = 200
RECIPE = "how it is built, started and checked; empty: guessed from the files for each release"


class ProjectChange(StrictRequest):
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=MOST_DESCRIPTION, allow_blank=True, default="")
    recipe = serializers.DictField(default=dict, help_text=RECIPE)
    settings = serializers.DictField(default=dict)


class ProjectRequest(ProjectChange):
    slug = serializers.CharField(
        max_length=40, default="", allow_blank=True, help_text="empty: from the name"
    )


class ProjectRepresentation(serializers.ModelSerializer[Project]):
    class Meta:
        model = Project
        fields = (
            "id",
            "slug",
            "name",
            "description",
            "recipe",
            "settings",
            "files_version",
            "releases_cut",
            "execution_id",
            "created_by",
            "created",
            "updated",
            "archived",
        )
        read_only_fields = fields


class FileRepresentation(serializers.Serializer[Any]):
    path = serializers.CharField()
    size = serializers.IntegerField(help_text="bytes")
    digest = serializers.CharField(help_text="SHA-256")
    executable = serializers.BooleanField()
    version = serializers.IntegerField(help_text="number of the change that made it so", source="number")


class FileTree(serializers.Serializer[Any]):
    files_version = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    items = FileRepresentation(many=True)
    next = serializers.URLField(allow_null=True)


class FileWriting(StrictRequest):
    path = serializers.CharField(max_length=MOST_PATH, trim_whitespace=False)
    content = serializers.CharField(allow_blank=True, trim_whitespace=False, required=False)
    content_base64 = serializers.CharField(allow_blank=True, required=False)
    executable = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("content" in attrs) == ("content_base64" in attrs):
            raise serializers.ValidationError({"content": "give either content or content_base64"})
        try:
            raw = base64.b64decode(attrs.get("content_base64", ""), validate=True)
        except binascii.Error:
            raise serializers.ValidationError({"content_base64": "is no base64"}) from None
        return {**attrs, "bytes": attrs["content"].encode() if "content" in attrs else raw}


class FilesRequest(StrictRequest):
    files: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=FileWriting(), allow_empty=False, max_length=MOST_FILES_AT_ONCE
    )
    expected_version = serializers.IntegerField(
        min_value=0,
        required=False,
        help_text="the files_version they are made for; another one is a conflict",
    )


class FilesChanged(serializers.Serializer[Any]):
    files_version = serializers.IntegerField(source="version")
    paths = serializers.ListField(child=serializers.CharField(), help_text="that are other than before")


class FileRenaming(StrictRequest):
    path = serializers.CharField(max_length=MOST_PATH, trim_whitespace=False)
    to = serializers.CharField(max_length=MOST_PATH, trim_whitespace=False)


class FileRestoration(StrictRequest):
    path = serializers.CharField(max_length=MOST_PATH, trim_whitespace=False)
    version = serializers.IntegerField(min_value=0)


class FileVersionRepresentation(serializers.ModelSerializer[FileVersion]):
    version = serializers.IntegerField(source="number")
    deleted = serializers.SerializerMethodField()

    class Meta:
        model = FileVersion
        fields = (
            "path",
            "version",
            "digest",
            "size_bytes",
            "executable",
            "deleted",
            "author",
            "execution_id",
            "created",
        )
        read_only_fields = fields

    def get_deleted(self, row: FileVersion) -> bool:
        return not row.digest


class VariablesRequest(StrictRequest):
    environment = serializers.ChoiceField(choices=ENVIRONMENTS, default="all")
    values = serializers.DictField(
        child=serializers.CharField(max_length=MOST_VALUE, trim_whitespace=False), write_only=True
    )


class VariableRepresentation(serializers.Serializer[Any]):
    environment = serializers.CharField()
    name = serializers.CharField()
    updated = serializers.DateTimeField()


class VariableList(serializers.Serializer[Any]):
    items = VariableRepresentation(many=True)
    next = serializers.URLField(allow_null=True)
