"""The tenant's audit log, in pages and as a whole."""

from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from tenants import audit
from tenants.audit.reading import EXACT, MOMENTS, filters_of, streamed
from tenants.models import AuditEntry
from tenants.principal import principal_of

JSON_LINES = "application/jsonl"
FILTERS = [
    *(OpenApiParameter(name, OpenApiTypes.STR) for name in EXACT),
    *(OpenApiParameter(name, OpenApiTypes.DATETIME) for name in MOMENTS),
]


class AuditEntryRepresentation(serializers.ModelSerializer[AuditEntry]):
    digest = serializers.SerializerMethodField()
    previous = serializers.SerializerMethodField()

    class Meta:
        model = AuditEntry
        fields = (
            "id",
            "number",
            "created",
            "actor",
            "action",
            "object_type",
            "object_id",
            "before",
            "after",
            "request_id",
            "address",
            "previous",
            "digest",
        )
        read_only_fields = fields

    def get_digest(self, row: AuditEntry) -> str:
        return bytes(row.digest).hex()

    def get_previous(self, row: AuditEntry) -> str:
        return bytes(row.previous).hex()


@extend_schema(tags=["audit"], parameters=FILTERS)
class AuditEntries(ListAPIView[AuditEntry]):
    """Who did what, when and from where, newest first; secrets are hidden."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "audit:read"}
    serializer_class = AuditEntryRepresentation
    queryset = AuditEntry.objects.none()

    def get_queryset(self) -> Any:
        return AuditEntry.objects.filter(**filters_of(self.request.query_params))


class JsonLinesRenderer(BaseRenderer):
    """Lets `Accept: application/jsonl` pass content negotiation; the view streams by itself."""

    media_type = JSON_LINES
    format = "jsonl"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return JSONRenderer().render(data)


class AuditExport(APIView):
    """The log as JSON lines, oldest first, with the digests by which a copy can be checked."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": "audit:read"}
    renderer_classes = (JSONRenderer, JsonLinesRenderer)

    @extend_schema(
        tags=["audit"],
        parameters=FILTERS,
        responses={(200, JSON_LINES): OpenApiResponse(OpenApiTypes.STR, "An entry a line.")},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        wanted = {"created__lt": timezone.now()} | filters_of(request.query_params)
        asked, principal = request.query_params.dict(), principal_of(request)
        audit.record("audit.exported", actor=principal.name, object_type="audit_log", after=asked)
        return StreamingHttpResponse(
            streamed(principal.tenant_id, wanted),
            content_type=JSON_LINES,
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": 'attachment; filename="audit.jsonl"',
            },
        )
