"""Requests say nothing that nobody reads: members that a serializer does not know are refused."""

from typing import Any

from rest_framework import serializers


class StrictRequest(serializers.Serializer[Any]):
    """A payload whose unknown members are errors."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if unknown := set(self.initial_data) - set(self.fields):
            raise serializers.ValidationError(dict.fromkeys(sorted(unknown), "is not a member here"))
        return attrs


def checked(serializer: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """Return what a valid payload says; raises ValidationError."""
    payload = serializer(data=data)
    payload.is_valid(raise_exception=True)
    found: dict[str, Any] = payload.validated_data
    return found
