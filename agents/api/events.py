"""The events of an execution as they happen (server-sent events)."""

import re
from typing import ClassVar
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from agents import insight
from miosa.http.event_stream import MEDIA_TYPE, EventStreamRenderer, stream_response
from tenants.event_feed import Feed, frames
from tenants.principal import principal_of

FEED = Feed(
    path=re.compile(r"^/api/v1/executions/([0-9a-fA-F-]{36})/events$"),
    route="events",
    scope="executions:read",
    what="execution",
    look=insight.events_after,
)


class Events(APIView):
    """Follow an execution. `Last-Event-ID` resumes after the last event seen; the stream ends with the execution."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": FEED.scope}
    renderer_classes = (EventStreamRenderer, JSONRenderer)

    @extend_schema(tags=["executions"], responses={(200, MEDIA_TYPE): OpenApiTypes.STR})
    def get(self, request: Request, execution_id: UUID) -> StreamingHttpResponse:
        return stream_response(frames(FEED, principal_of(request), execution_id, request.headers))
