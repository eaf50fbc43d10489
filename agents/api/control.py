"""What is done to an execution under way, and what goes on from one."""

from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from agents import control, insight, submission
from agents.api.serializers import ExecutionSummary, ForkRequest, RetryRequest
from agents.models import Execution
from deployments import approval_links, approvals
from tenants.idempotency import IdempotentPost
from tenants.principal import Principal, principal_of

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Repeat a request safely: the same key within 24 hours gets the first answer.",
)
ACTED = extend_schema(
    tags=["executions"], request=None, responses={200: ExecutionSummary}, parameters=[IDEMPOTENCY_KEY]
)


def accepted(request: Request, execution: Execution) -> Response:
    """Answer with an execution that begins, and where it can be followed."""
    place = reverse("execution", args=[execution.pk], request=request)
    body = ExecutionSummary(execution).data
    headers = {"Location": place} | _links(execution, principal_of(request))
    return Response(body, status=status.HTTP_202_ACCEPTED, headers=headers)


def _links(execution: Execution, principal: Principal) -> dict[str, str]:
    """Return the link to answer what is asked about a new execution, for who may: a header, since answers are kept."""
    if execution.approval_id is None or not principal.may(approval_links.APPROVE):
        return {}
    question = approvals.one(execution.approval_id)
    return {"Approval-Link": approval_links.link_for(question, principal.name)}


@ACTED
class Cancellation(IdempotentPost, APIView):
    """Cancel an execution; what it has cost so far is charged."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "executions:write"}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(ExecutionSummary(control.cancel(kwargs["execution_id"])).data)


@ACTED
class Pause(IdempotentPost, APIView):
    """Let no step begin any more; those that run end first. Its money stays set aside for seven days."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "executions:write"}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(ExecutionSummary(control.pause(kwargs["execution_id"])).data)


@ACTED
class Resumption(IdempotentPost, APIView):
    """Let a paused execution go on."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": "executions:write"}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(ExecutionSummary(control.resume(kwargs["execution_id"])).data)


class _GoesOn(IdempotentPost, APIView):
    required_scopes: ClassVar[dict[str, str]] = {"POST": "tasks:write"}
    asked: ClassVar[type[RetryRequest]] = RetryRequest

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        payload = self.asked(data=request.data)
        payload.is_valid(raise_exception=True)
        origin = insight.execution(kwargs["execution_id"])
        given = {name: value for name, value in payload.validated_data.items() if value}
        first = given.pop("from_step", "")
        made = submission.fork(origin, requested_by=principal_of(request).name, first=first, **given)
        return accepted(request, made)


@extend_schema(
    tags=["executions"],
    request=RetryRequest,
    responses={202: ExecutionSummary},
    parameters=[IDEMPOTENCY_KEY],
)
class Retries(_GoesOn):
    """Do an execution anew from a step on, in a new one; without `from_step` from where it got stuck.

    What was done before that step is kept and costs nothing again.
    """


@extend_schema(
    tags=["executions"],
    request=ForkRequest,
    responses={202: ExecutionSummary},
    parameters=[IDEMPOTENCY_KEY],
)
class Forks(_GoesOn):
    """The same with another request, or another instruction for that step."""

    asked = ForkRequest
