"""At which spending a tenant is warned, and what it was warned of."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import warnings
from billing.models import AlertKind, SpendAlert, SpendWarning
from tenants.api.openapi import IDEMPOTENCY_KEY
from tenants.idempotency import IdempotentPost

MOST_PERCENT, MOST_MICROS = 1_000, 10**15


class SpendAlertRepresentation(serializers.ModelSerializer[SpendAlert]):
    class Meta:
        model = SpendAlert
        fields = ("id", "kind", "level", "created")
        read_only_fields = ("id", "created")

    kind = serializers.ChoiceField(choices=AlertKind.choices)
    level = serializers.IntegerField(
        min_value=1, max_value=MOST_MICROS, help_text="percent of the month's budget, or micro-dollars"
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["kind"] == AlertKind.SHARE and given["level"] > MOST_PERCENT:
            raise serializers.ValidationError({"level": f"A share is at most {MOST_PERCENT} percent."})
        return given


class SpendWarningRepresentation(serializers.ModelSerializer[SpendWarning]):
    class Meta:
        model = SpendWarning
        fields = ("id", "period", "kind", "level", "spent_micros", "cap_micros", "created", "mailed")
        read_only_fields = fields


@extend_schema_view(
    get=extend_schema(tags=["billing"]),
    post=extend_schema(
        tags=["billing"],
        request=SpendAlertRepresentation,
        responses={201: SpendAlertRepresentation},
        parameters=[IDEMPOTENCY_KEY],
    ),
)
class SpendAlerts(IdempotentPost, ListAPIView[SpendAlert]):
    """The levels at which owners and admins get a letter; without a share of one's own, at 80 and 100 percent."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "usage:read", "POST": "billing:write"}
    serializer_class = SpendAlertRepresentation
    queryset = SpendAlert.objects.none()

    def get_queryset(self) -> Any:
        return SpendAlert.objects.all()

    def perform(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        form = SpendAlertRepresentation(data=request.data)
        form.is_valid(raise_exception=True)
        row = warnings.choose(form.validated_data["kind"], form.validated_data["level"])
        return Response(SpendAlertRepresentation(row).data, status=status.HTTP_201_CREATED)


class OneSpendAlert(APIView):
    """One of them."""

    required_scopes: ClassVar[dict[str, str]] = {"DELETE": "billing:write"}

    @extend_schema(tags=["billing"], responses={204: None})
    def delete(self, _request: Request, alert_id: UUID) -> Response:
        warnings.forget(alert_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["billing"])
class SpendWarnings(ListAPIView[SpendWarning]):
    """What was warned of, newest first."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "usage:read"}
    serializer_class = SpendWarningRepresentation
    queryset = SpendWarning.objects.none()

    def get_queryset(self) -> Any:
        return SpendWarning.objects.all()
