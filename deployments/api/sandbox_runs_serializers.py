"""What goes in and out of the routes of sandbox runs."""

from typing import Any

from rest_framework import serializers

from deployments.models import SandboxRun

LANGUAGES = ("python",)  # shells and other interpreters are commands
MAX_CODE = 1_000_000  # characters
MAX_FILES, MAX_FILES_SIZE = 200, 4 * 1024 * 1024
MAX_HOSTS, MAX_COMMANDS = 20, 50
LONGEST_S = 900.0


class SandboxRunRequest(serializers.Serializer[Any]):
    code = serializers.CharField(
        max_length=MAX_CODE,
        required=False,
        trim_whitespace=False,
        help_text="run as a cell: the last value and figures come back",
    )
    command = serializers.CharField(
        max_length=MAX_CODE,
        required=False,
        trim_whitespace=False,
        help_text="a shell command, instead of code",
    )
    commands = serializers.ListField(
        child=serializers.CharField(max_length=MAX_CODE, trim_whitespace=False),
        required=False,
        min_length=1,
        max_length=MAX_COMMANDS,
        help_text="several, one after another until one fails",
    )
    language = serializers.ChoiceField(choices=LANGUAGES, default="python", help_text="of the code")
    files = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False),
        default=dict,
        help_text="text by relative path; written into the sandbox's home before the run",
    )
    timeout_s = serializers.FloatField(min_value=0.1, max_value=LONGEST_S, default=30)
    hosts = serializers.ListField(
        child=serializers.CharField(max_length=255),
        max_length=MAX_HOSTS,
        default=list,
        help_text="names the code may call; the plan has to allow them",
    )

    def validate_files(self, value: dict[str, str]) -> dict[str, str]:
        if len(value) > MAX_FILES:
            raise serializers.ValidationError(f"holds more than {MAX_FILES} files")
        if sum(len(path) + len(text) for path, text in value.items()) > MAX_FILES_SIZE:
            raise serializers.ValidationError(f"hold more than {MAX_FILES_SIZE} characters in all")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if unknown := set(self.initial_data) - set(self.fields):
            raise serializers.ValidationError(
                dict.fromkeys(sorted(unknown), "is not a member of a sandbox run")
            )
        if len({"code", "command", "commands"} & set(attrs)) != 1:
            raise serializers.ValidationError({"code": "give exactly one of code, command and commands"})
        if any("\0" in text for text in _texts(attrs)):
            raise serializers.ValidationError({"code": "texts must not hold NUL characters"})
        command = attrs.pop("command", None)
        return attrs if command is None else {**attrs, "commands": [command]}


class SandboxRunSummary(serializers.ModelSerializer[SandboxRun]):
    class Meta:
        model = SandboxRun
        fields: tuple[str, ...] = (
            "id",
            "state",
            "language",
            "execution_id",
            "exit_code",
            "timed_out",
            "error",
            "files_count",
            "hosts",
            "timeout_s",
            "duration_ms",
            "box_ms",
            "created",
            "started",
            "finished",
        )
        read_only_fields = fields


class SandboxRunRepresentation(SandboxRunSummary):
    results = serializers.ListField(
        child=serializers.DictField(),
        read_only=True,
        help_text="rich results: text, html, png (base64) and others by format, the last value marked",
    )

    class Meta(SandboxRunSummary.Meta):
        fields = (
            *SandboxRunSummary.Meta.fields,
            "code",
            "commands",
            "stdout",
            "stderr",
            "truncated",
            "results",
        )
        read_only_fields = fields


def _texts(attrs: dict[str, Any]) -> list[str]:
    files = attrs["files"]
    return [
        attrs.get("code", ""), attrs.get("command", ""), *attrs.get("commands", ()), *files, *files.values(),
        *attrs["hosts"],
    ]  # fmt: skip
