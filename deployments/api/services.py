"""The routes of services: how they stand, going back, suspending, resuming, host names, destroying."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from deployments import insight, steering
from deployments.api.deployment_serializers import (
    DeploymentSummary,
    DomainsRequest,
    HealthCheckRepresentation,
    RollbackRequest,
    ServiceChange,
    ServiceRepresentation,
)
from deployments.api.deployments import READ, WRITE
from deployments.api.projects import IDEMPOTENCY_KEY
from deployments.models import HealthCheck, Service
from deployments.strict import checked
from miosa.http.problem import BadParameter, Conflict
from tenants.idempotency import IdempotentPost
from tenants.principal import principal_of


@extend_schema_view(
    get=extend_schema(
        tags=["services"],
        parameters=[OpenApiParameter("state", OpenApiTypes.STR, enum=Service.State.values)],
    )
)
class Services(ListAPIView[Service]):
    """The tenant's services, newest first."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}
    serializer_class = ServiceRepresentation
    queryset = Service.objects.none()

    def get_queryset(self) -> Any:
        state = self.request.query_params.get("state")
        if state is not None and state not in Service.State.values:
            raise BadParameter(f"state is one of {', '.join(Service.State.values)}.", parameter="state")
        return insight.services() if state is None else insight.services().filter(state=state)


class ServiceDetail(APIView):
    """One service; a DELETE removes it from its target, its releases stay."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ, "PATCH": WRITE, "DELETE": WRITE}

    @extend_schema(tags=["services"], responses=ServiceRepresentation)
    def get(self, _request: Request, service_id: UUID) -> Response:
        return Response(ServiceRepresentation(insight.service(service_id)).data)

    @extend_schema(tags=["services"], request=ServiceChange, responses={202: ServiceRepresentation})
    def patch(self, request: Request, service_id: UUID) -> Response:
        said = checked(ServiceChange, request.data)
        steering.configure(service_id, said["settings"], actor=principal_of(request).name)
        told = ServiceRepresentation(insight.service(service_id)).data
        return Response(told, status=status.HTTP_202_ACCEPTED)

    @extend_schema(tags=["services"], responses={202: ServiceRepresentation})
    def delete(self, request: Request, service_id: UUID) -> Response:
        steering.destroy(service_id, actor=principal_of(request).name)
        told = ServiceRepresentation(insight.service(service_id)).data
        return Response(told, status=status.HTTP_202_ACCEPTED)


@extend_schema_view(get=extend_schema(tags=["services"]))
class ServiceHealth(ListAPIView[HealthCheck]):
    """The looks at a service, newest first."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}
    serializer_class = HealthCheckRepresentation
    queryset = HealthCheck.objects.none()

    def get_queryset(self) -> Any:
        if "service_id" not in self.kwargs:  # the document is being made
            return self.queryset
        return insight.checks(insight.service(self.kwargs["service_id"]))


@extend_schema(
    tags=["services"],
    request=RollbackRequest,
    responses={202: DeploymentSummary},
    parameters=[IDEMPOTENCY_KEY],
)
class ServiceRollback(IdempotentPost, APIView):
    """Go back: to a deployment that served before, else to the last one that served well."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": WRITE}

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        said = checked(RollbackRequest, request.data)
        service = insight.service(kwargs["service_id"])
        back = said["deployment_id"] or getattr(steering.suggested(service), "pk", None)
        if back is None:
            raise Conflict("There is no earlier healthy release to go back to.")
        actor = principal_of(request).name
        made = steering.roll_back(service.pk, to=back, leaving=service.current_id, actor=actor)
        place = reverse("deployment", args=[made.pk], request=request)
        body = DeploymentSummary(insight.deployment(made.pk)).data
        return Response(body, status=status.HTTP_202_ACCEPTED, headers={"Location": place})


class Turned(IdempotentPost, APIView):
    """One wish about a service, told to its target as soon as it answers."""

    required_scopes: ClassVar[dict[str, str]] = {"POST": WRITE}
    wish: ClassVar[Callable[..., Service]]

    def perform(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        type(self).wish(kwargs["service_id"], actor=principal_of(request).name)
        told = ServiceRepresentation(insight.service(kwargs["service_id"])).data
        return Response(told, status=status.HTTP_202_ACCEPTED)


@extend_schema(
    tags=["services"], request=None, responses={202: ServiceRepresentation}, parameters=[IDEMPOTENCY_KEY]
)
class ServiceSuspension(Turned):
    """Stop serving; nothing is lost."""

    wish = steering.suspend


@extend_schema(
    tags=["services"], request=None, responses={202: ServiceRepresentation}, parameters=[IDEMPOTENCY_KEY]
)
class ServiceResumption(Turned):
    """Serve again."""

    wish = steering.resume


class ServiceDomains(APIView):
    """The host names of a service, as a whole."""

    required_scopes: ClassVar[dict[str, str]] = {"PUT": WRITE}

    @extend_schema(tags=["services"], request=DomainsRequest, responses={202: ServiceRepresentation})
    def put(self, request: Request, service_id: UUID) -> Response:
        said = checked(DomainsRequest, request.data)
        steering.name_hosts(service_id, said["domains"], actor=principal_of(request).name)
        told = ServiceRepresentation(insight.service(service_id)).data
        return Response(told, status=status.HTTP_202_ACCEPTED)
