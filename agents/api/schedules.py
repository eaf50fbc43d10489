"""Schedules: made, listed, changed, ended, run now; and what came of each due time."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from agents import schedules
from agents.api.control import IDEMPOTENCY_KEY, accepted
from agents.api.schedule_serializers import FiringRepresentation, ScheduleRepresentation
from agents.api.serializers import ExecutionSummary
from agents.models import Schedule, ScheduleFiring
from agents.requests import ScheduleRequest
from miosa.http.problem import Unprocessable
from tenants.idempotency import IdempotentPost
from tenants.principal import Principal, principal_of

READ, WRITE = "schedules:read", "schedules:write"


class Schedules(IdempotentPost, ListAPIView[Schedule]):
    """The tenant's schedules, newest first; a POST makes one."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "POST": WRITE}
    serializer_class = ScheduleRepresentation
    queryset = Schedule.objects.none()

    def get_queryset(self) -> Any:
        return schedules.listed()

    @extend_schema(tags=["schedules"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        tags=["schedules"],
        request=ScheduleRequest,
        responses={201: ScheduleRepresentation},
        parameters=[IDEMPOTENCY_KEY],
        description="It runs with the rights of whoever makes it, as they are at each run.",
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        made = schedules.make(_checked(request.data), created_by=_runs_for(request).name)
        place = reverse("schedule", args=[made.pk], request=request)
        body = ScheduleRepresentation(made).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": place})


@extend_schema(tags=["schedules"], responses=ScheduleRepresentation)
class ScheduleDetail(APIView):
    """One schedule."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    def get(self, _request: Request, schedule_id: UUID) -> Response:
        return Response(ScheduleRepresentation(schedules.one(schedule_id)).data)

    @extend_schema(
        request=ScheduleRequest(partial=True),
        description="What is named changes. From then on it runs with the rights of whoever changed it.",
    )
    def patch(self, request: Request, schedule_id: UUID) -> Response:
        asked = _laid_over(schedules.one(schedule_id), request.data)
        row = schedules.change(schedule_id, _checked(asked), by=_runs_for(request).name)
        return Response(ScheduleRepresentation(row).data)

    @extend_schema(responses={204: None}, description="Its executions stay.")
    def delete(self, _request: Request, schedule_id: UUID) -> Response:
        schedules.delete(schedule_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(tags=["schedules"])
class ScheduleFirings(ListAPIView[ScheduleFiring]):
    """What came of each due time, newest first: an execution, or why there is none."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}
    serializer_class = FiringRepresentation
    queryset = ScheduleFiring.objects.none()

    def get_queryset(self) -> Any:
        return schedules.firings(self.kwargs["schedule_id"])


@extend_schema(
    tags=["schedules"], request=None, responses={202: ExecutionSummary}, parameters=[IDEMPOTENCY_KEY]
)
class ScheduleRun(IdempotentPost, APIView):
    """Run it now, for whoever asks; its times stay as they are."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": WRITE}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asks = _runs_for(request).name
        return accepted(request, schedules.run_now(kwargs["schedule_id"], requested_by=asks))


def _runs_for(request: Request) -> Principal:
    """Return who asks, where they may hand in tasks: a schedule lends nobody a right. Raises NotAllowed."""
    principal = principal_of(request)
    if not principal.may(schedules.NEEDED):
        raise schedules.NotAllowed(f"A schedule hands in tasks: it also needs the scope {schedules.NEEDED}.")
    return principal


def _checked(data: Any) -> dict[str, Any]:
    payload = ScheduleRequest(data=data)
    payload.is_valid(raise_exception=True)
    values: dict[str, Any] = payload.validated_data
    return values


def _laid_over(row: Schedule, given: Any) -> dict[str, Any]:
    """Return the whole request that a change amounts to: cron takes the place of an interval, and the other way round."""
    if not isinstance(given, dict):
        raise Unprocessable("A change is an object.")
    names = (
        *schedules.ASKED,
        "name",
        "cron",
        "interval_s",
        "timezone",
        "enabled",
        "missed",
        "overlap",
        "most_micros",
    )
    kept: dict[str, Any] = {name: getattr(row, name) for name in names}
    if given.get("cron"):
        kept["interval_s"] = None
    if given.get("interval_s") is not None:
        kept["cron"] = ""
    return kept | given
