"""What comes out of billing's routes."""

from typing import Any

from rest_framework import serializers

from billing.models import LedgerEntry, PlanPrice


class UseRepresentation(serializers.Serializer[Any]):
    day = serializers.DateField(required=False)
    model = serializers.CharField(required=False)
    agent = serializers.CharField(required=False)
    tokens = serializers.IntegerField()
    cost_micros = serializers.IntegerField()
    calls = serializers.IntegerField()


class MeterRepresentation(serializers.Serializer[Any]):
    meter = serializers.CharField(help_text="its unit is in its name; tokens and executions are numbers")
    used = serializers.IntegerField(help_text="this month")
    allowed = serializers.IntegerField(allow_null=True, help_text="by the plan; null: not bounded by itself")
    cost_micros = serializers.IntegerField()


class ForecastRepresentation(serializers.Serializer[Any]):
    expected_micros = serializers.IntegerField(help_text="at the end of the month")
    low_micros = serializers.IntegerField(allow_null=True, help_text="null: too few days were seen to say")
    high_micros = serializers.IntegerField(allow_null=True)
    confidence = serializers.FloatField(help_text="how often such an interval holds what comes, 0 to 1")
    days_seen = serializers.IntegerField()
    days_left = serializers.IntegerField(help_text="today among them")


class UsageRepresentation(serializers.Serializer[Any]):
    month = serializers.DateField()
    plan = serializers.CharField()
    allowance_micros = serializers.IntegerField()
    spent_micros = serializers.IntegerField()
    reserved_micros = serializers.IntegerField()
    left_micros = serializers.IntegerField()
    executions_allowed = serializers.IntegerField(allow_null=True)
    executions_used = serializers.IntegerField()
    forecast = ForecastRepresentation()
    meters = MeterRepresentation(many=True)
    by_day = UseRepresentation(many=True)
    by_model = UseRepresentation(many=True)
    by_agent = UseRepresentation(many=True)


class PriceRepresentation(serializers.Serializer[Any]):
    currency = serializers.CharField(help_text="ISO 4217")
    interval = serializers.ChoiceField(choices=PlanPrice.Interval.choices)
    amount_minor = serializers.IntegerField(help_text="in the currency's smallest unit")
    amount = serializers.CharField(help_text="for people")


class OfferedPlanRepresentation(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    current = serializers.BooleanField(help_text="whether this tenant is on it")
    trial_days = serializers.IntegerField()
    prices = PriceRepresentation(many=True)
    limits = serializers.DictField(
        child=serializers.IntegerField(allow_null=True),
        help_text="by name; money in micro-dollars, null: no limit",
    )
    sandbox_hosts = serializers.ListField(child=serializers.CharField())


class LedgerEntryRepresentation(serializers.ModelSerializer[LedgerEntry]):
    class Meta:
        model = LedgerEntry
        fields = (
            "id",
            "meter",
            "quantity",
            "input_tokens",
            "cached_tokens",
            "output_tokens",
            "cost_micros",
            "source",
            "source_id",
            "execution_id",
            "model",
            "agent",
            "description",
            "details",
            "reverses_id",
            "created",
        )
        read_only_fields = fields
