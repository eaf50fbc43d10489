"""The targets there are, and why one of them cannot be used."""

from dataclasses import asdict
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployments.api.deployment_serializers import TargetList
from deployments.api.deployments import READ
from deployments.lifecycle.reaching import target_named
from deployments.targets import registry
from deployments.targets.contract import DeployTarget
from tenants.owned import current_tenant_id


@extend_schema(tags=["deployments"], responses=TargetList)
class Targets(APIView):
    """Every target with what it can."""

    required_scopes: ClassVar[dict[str, str]] = {"GET": READ}

    def get(self, _request: Request) -> Response:
        items = [_told(target_named(name)) for name in sorted(registry.TARGETS)]
        return Response({"items": items, "next": None})


def _told(target: DeployTarget) -> dict[str, object]:
    missing, can = target.unavailable(str(current_tenant_id())), target.capabilities()
    return {
        "name": target.name,
        "available": missing is None,
        "missing": missing or "",
        "kinds": sorted(kind.value for kind in can.kinds),
        "capabilities": sorted(name for name, has in asdict(can).items() if has is True),
    }
