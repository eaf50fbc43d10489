"""Buying, changing and ending a plan; invoices; what Stripe tells us."""

from typing import Any, ClassVar

from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api.payment_serializers import (
    AccountRepresentation,
    ChangePreviewRepresentation,
    CheckoutRequest,
    EndRequest,
    InvoiceRepresentation,
    LinkRepresentation,
    PackRequest,
    PlanChangeRequest,
)
from billing.models import BillingAccount
from billing.payments import door, inbox, shop
from billing.payments import invoices as stripe_invoices
from miosa.http.problem import NotFound, Unauthenticated
from tenants.api.openapi import IDEMPOTENCY_KEY
from tenants.idempotency import IdempotentPost

WRITES: dict[str, str] = {"POST": "billing:write"}


def _checked(serializer: Any, request: Request) -> dict[str, Any]:
    form = serializer(data=request.data)
    form.is_valid(raise_exception=True)
    checked: dict[str, Any] = form.validated_data
    return checked


class Account(APIView):
    """How this tenant stands: its plan, its period, when it ends or what is late."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "usage:read"}

    @extend_schema(tags=["billing"], responses=AccountRepresentation)
    def get(self, _request: Request) -> Response:
        row = BillingAccount.objects.first() or BillingAccount()
        return Response(AccountRepresentation(row).data)


@extend_schema_view(
    post=extend_schema(
        tags=["billing"],
        request=CheckoutRequest,
        responses={201: LinkRepresentation},
        parameters=[IDEMPOTENCY_KEY],
    )
)
class Checkouts(IdempotentPost, APIView):
    """A link to Stripe's page where a plan is paid for. It is good for a day; an earlier one that is open ends."""

    required_scopes: ClassVar[dict[str, str]] = WRITES

    def perform(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        asked = _checked(CheckoutRequest, request)
        session = shop.buy_plan(asked["plan"], interval=asked["interval"], currency=asked["currency"])
        return Response(LinkRepresentation(session).data, status=status.HTTP_201_CREATED)


@extend_schema_view(
    post=extend_schema(
        tags=["billing"],
        request=PackRequest,
        responses={201: LinkRepresentation},
        parameters=[IDEMPOTENCY_KEY],
    )
)
class Packs(IdempotentPost, APIView):
    """A link to Stripe's page where prepaid credit is paid for; the credit is there once it is."""

    required_scopes: ClassVar[dict[str, str]] = WRITES

    def perform(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        session = shop.buy_pack(_checked(PackRequest, request)["cents"])
        return Response(LinkRepresentation(session).data, status=status.HTTP_201_CREATED)


@extend_schema_view(
    post=extend_schema(
        tags=["billing"], request=None, responses={201: LinkRepresentation}, parameters=[IDEMPOTENCY_KEY]
    )
)
class Portal(IdempotentPost, APIView):
    """A link to Stripe's portal: cards, invoices, cancellation. It is open to a tenant that is restricted."""

    required_scopes: ClassVar[dict[str, str]] = WRITES

    def perform(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return Response(LinkRepresentation(shop.portal()).data, status=status.HTTP_201_CREATED)


@extend_schema_view(
    post=extend_schema(
        tags=["billing"],
        request=PlanChangeRequest,
        responses={200: AccountRepresentation},
        parameters=[IDEMPOTENCY_KEY],
    )
)
class PlanChanges(IdempotentPost, APIView):
    """Another plan at once; what is left of the old one is set against it on an invoice."""

    required_scopes: ClassVar[dict[str, str]] = WRITES

    def perform(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        asked = _checked(PlanChangeRequest, request)
        row = shop.change_plan(asked.pop("plan"), **asked)
        return Response(AccountRepresentation(row).data)


@extend_schema_view(
    post=extend_schema(
        tags=["billing"],
        request=PlanChangeRequest,
        responses={200: ChangePreviewRepresentation},
        parameters=[IDEMPOTENCY_KEY],
    )
)
class PlanChangePreviews(IdempotentPost, APIView):
    """The invoice that a change of plan would make now; its `proration_date` fixes the sums for an hour."""

    required_scopes: ClassVar[dict[str, str]] = WRITES

    def perform(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        asked = _checked(PlanChangeRequest, request)
        found = shop.preview_change(asked.pop("plan"), **asked)
        told = {"proration_date": found["proration_date"], "invoice": stripe_invoices.told(found)}
        return Response(ChangePreviewRepresentation(told).data)


@extend_schema_view(
    post=extend_schema(
        tags=["billing"],
        request=EndRequest,
        responses={200: AccountRepresentation},
        parameters=[IDEMPOTENCY_KEY],
    )
)
class SubscriptionEnds(IdempotentPost, APIView):
    """The subscription ends with its period, or at once."""

    required_scopes: ClassVar[dict[str, str]] = WRITES

    def perform(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return Response(AccountRepresentation(shop.end(**_checked(EndRequest, request))).data)


@extend_schema_view(
    post=extend_schema(
        tags=["billing"], request=None, responses={200: AccountRepresentation}, parameters=[IDEMPOTENCY_KEY]
    )
)
class SubscriptionContinuations(IdempotentPost, APIView):
    """Takes back an end that has not come yet."""

    required_scopes: ClassVar[dict[str, str]] = WRITES

    def perform(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        return Response(AccountRepresentation(shop.go_on()).data)


class Invoices(APIView):
    """Invoices, newest first, as Stripe has them, with links to pay, read and keep them."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "usage:read"}

    @extend_schema(
        tags=["billing"],
        responses=InvoiceRepresentation(many=True),
        parameters=[
            OpenApiParameter("next", OpenApiTypes.BOOL, description="the one to come, as it would be now")
        ],
    )
    def get(self, request: Request) -> Response:
        upcoming = request.query_params.get("next", "") in ("true", "1")
        found = [stripe_invoices.told(shop.next_invoice())] if upcoming else stripe_invoices.invoices()
        return Response(InvoiceRepresentation(found, many=True).data)


class AnyBody(BaseParser):
    """Leaves the body as it came: the signature is over its bytes."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read()


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class StripeWebhook(APIView):
    """What Stripe tells: kept once, answered at once, applied afterwards. The same event again changes nothing."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (AnyBody,)
    public = True

    @extend_schema(
        tags=["billing"],
        auth=[],
        request={"application/json": OpenApiTypes.OBJECT},
        responses={200: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> Response:
        if not door.is_configured():
            raise NotFound("There is no webhook here: STRIPE_SECRET_KEY is not set.")
        sent: Any = request.data
        body = sent if isinstance(sent, bytes) else b""  # a form's data where none was sent
        try:
            new = inbox.receive(body, request.headers.get("Stripe-Signature", ""))
        except door.SignatureError as error:
            raise Unauthenticated(str(error)) from error
        return Response({"received": True, "new": new})
