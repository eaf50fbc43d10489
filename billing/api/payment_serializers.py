"""How payments are asked for and told."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from billing.models import BillingAccount
from billing.models.plan_terms import PlanPrice


class CheckoutRequest(serializers.Serializer[dict[str, str]]):
    plan = serializers.CharField(max_length=40, help_text="its slug, as GET /api/v1/plans tells")
    interval = serializers.ChoiceField(choices=PlanPrice.Interval.choices, default="month")
    currency = serializers.RegexField(r"^[A-Z]{3}$", default="USD")


class PackRequest(serializers.Serializer[dict[str, int]]):
    cents = serializers.IntegerField(min_value=1, help_text="US cents of credit")


class PlanChangeRequest(serializers.Serializer[dict[str, str]]):
    plan = serializers.CharField(max_length=40)
    interval = serializers.ChoiceField(choices=PlanPrice.Interval.choices, default="month")
    proration_date = serializers.DateTimeField(
        required=False, help_text="that of a preview, so that the sums are the same"
    )


class EndRequest(serializers.Serializer[dict[str, bool]]):
    at_once = serializers.BooleanField(default=False, help_text="false: with the period that is paid")


class LinkRepresentation(serializers.Serializer[Mapping[str, Any]]):
    id = serializers.CharField(help_text="Stripe's")
    url = serializers.URLField()


class AccountRepresentation(serializers.ModelSerializer[BillingAccount]):
    class Meta:
        model = BillingAccount
        fields = (
            "standing",
            "plan",
            "interval",
            "currency",
            "period_start",
            "period_end",
            "trial_end",
            "cancel_at",
            "unpaid_since",
        )
        read_only_fields = fields


class InvoiceLineRepresentation(serializers.Serializer[dict[str, object]]):
    description = serializers.CharField()
    amount_minor = serializers.IntegerField(help_text="in the currency's smallest unit; negative gives back")
    quantity = serializers.IntegerField(allow_null=True, help_text="of usage: micro-dollars")
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()


class InvoiceRepresentation(serializers.Serializer[Any]):
    id = serializers.CharField()
    number = serializers.CharField(allow_blank=True)
    status = serializers.CharField(help_text="draft, open, paid, void or uncollectible")
    currency = serializers.CharField()
    subtotal_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField(help_text="after credit and tax")
    due_minor = serializers.IntegerField()
    paid_minor = serializers.IntegerField()
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    created = serializers.DateTimeField()
    url = serializers.CharField(allow_blank=True, help_text="where it is paid and the receipt is")
    pdf = serializers.CharField(allow_blank=True)
    lines = InvoiceLineRepresentation(many=True)


class ChangePreviewRepresentation(serializers.Serializer[dict[str, object]]):
    proration_date = serializers.DateTimeField()
    invoice = InvoiceRepresentation()
