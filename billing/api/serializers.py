"""What comes out of billing's routes."""

from typing import Any

from rest_framework import serializers

from billing.models import LedgerEntry


class UseRepresentation(serializers.Serializer[Any]):
    day = serializers.DateField(required=False)
    model = serializers.CharField(required=False)
    agent = serializers.CharField(required=False)
    tokens = serializers.IntegerField()
    cost_micros = serializers.IntegerField()
    calls = serializers.IntegerField()


class UsageRepresentation(serializers.Serializer[Any]):
    month = serializers.DateField()
    plan = serializers.CharField()
    allowance_micros = serializers.IntegerField()
    spent_micros = serializers.IntegerField()
    reserved_micros = serializers.IntegerField()
    left_micros = serializers.IntegerField()
    executions_allowed = serializers.IntegerField(allow_null=True)
    executions_used = serializers.IntegerField()
    by_day = UseRepresentation(many=True)
    by_model = UseRepresentation(many=True)
    by_agent = UseRepresentation(many=True)


class LedgerEntryRepresentation(serializers.ModelSerializer[LedgerEntry]):
    class Meta:
        model = LedgerEntry
        fields = (
            "id",
            "meter",
            "quantity",
            "cost_micros",
            "source",
            "source_id",
            "execution_id",
            "model",
            "agent",
            "description",
            "details",
            "created",
        )
        read_only_fields = fields
