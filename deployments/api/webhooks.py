"""Webhooks of targets: verified over the raw body, then taken as hints."""

import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.decorators import method_decorator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.hints import hint
from deployments.targets.render.webhook import WebhookRefused, received
from miosa.http.problem import NotFound, Unauthenticated


class AnyBody(BaseParser):
    """Leaves the body as it came: the signature is over its bytes."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read()


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class RenderWebhook(APIView):
    """Something happened at Render: what is open there is looked at sooner. The same one again does no harm."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (AnyBody,)
    public = True

    @extend_schema(
        tags=["deployments"],
        auth=[],
        request={"application/json": OpenApiTypes.OBJECT},
        responses={202: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request) -> Response:
        secret = settings.ENVIRONMENT.render_webhook_secret
        if not secret:
            raise NotFound("There is no webhook here: RENDER_WEBHOOK_SECRET is not set.")
        sent: Any = request.data
        body = sent if isinstance(sent, bytes) else b""  # a form's data where none was sent
        try:
            event = received(body, request.headers, secret.split(","), now=time.time())
        except WebhookRefused as error:
            raise Unauthenticated(str(error)) from error
        if event.is_worth_a_look:
            hint("render", event.service_id)
        return Response({"accepted": True}, status=status.HTTP_202_ACCEPTED)
