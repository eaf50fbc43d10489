"""From rows to what a target is told: which target, which place, which release with which variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing.subscriptions import current_plan
from deployments.lifecycle import pace, services
from deployments.models import Deployment, Project, Release, Service
from deployments.projects import recipe_of
from deployments.releases import bundle_of
from deployments.service_settings import shown
from deployments.targets import registry
from deployments.targets.contract import DeployRef, DeployTarget, Kind, Place, Recipe, Spec
from deployments.targets.errors import TargetRefused
from deployments.variables import variables_of
from tenants.registry import tenant_by_id

ANYWHERE = "*"  # in a plan: any public host, each to be named by the service
ADDRESSED = frozenset({Kind.STATIC, Kind.WEB})


def target_named(name: str) -> DeployTarget:
    """Return a target; raises TargetRefused where there is none of this name."""
    found: Any = registry.TARGETS.get(name)
    if found is None:
        raise TargetRefused(f"There is no target {name!r}; there are {', '.join(sorted(registry.TARGETS))}.")
    made: DeployTarget = found() if callable(found) else found
    return made


def place_of(service: Service) -> Place:
    """Return where a service is, and what the tenant's plan lets it use there."""
    plan = current_plan()
    held = bounded(service.settings, memory_mb=plan.app_memory_mb, hosts=plan.sandbox_hosts)
    return Place(
        tenant_id=str(service.tenant_id),
        service_id=str(service.pk),
        name=service.name,
        environment=service.environment,
        external_id=service.external_id,
        region=str(service.settings.get("region", "")),
        size=str(service.settings.get("size", "")),
        plan=plan.slug,
        settings={**held, "domains": [one["name"] for one in service.domains]},
    )


def bounded(wanted: Mapping[str, Any], *, memory_mb: int, hosts: tuple[str, ...]) -> dict[str, Any]:
    """Return a service's settings as its target gets them: no more memory and no other hosts than the plan allows."""
    asked = wanted.get("memory_mb")
    memory = min(asked, memory_mb) if isinstance(asked, int) and asked > 0 else memory_mb
    wanted_hosts = wanted.get("egress_hosts", [host for host in hosts if host != ANYWHERE])
    allowed = [host for host in wanted_hosts if ANYWHERE in hosts or host in hosts]
    return {**shown(wanted), "memory_mb": memory, "egress_hosts": allowed}


def spec_of(deployment: Deployment, service: Service) -> Spec:
    """Return what a deployment makes. Raises CannotOpen: a variable of the environment stays sealed."""
    return _spec(deployment.release, service)


def trial_of(project: Project, release: Release, *, target: str, environment: str) -> Spec:
    """Return what a deployment would make, for a service that need not be there yet; nothing is written."""
    name = services.name_of(
        str(tenant_by_id(str(project.tenant_id))), project, target=target, environment=environment
    )
    known = Service.objects.filter(target=target, name=name).first()
    service = known or Service(project=project, target=target, environment=environment, name=name)
    return _spec(release, service)


def ref_of(deployment: Deployment, place: Place) -> DeployRef:
    """Return the name of a deployment at its target."""
    return DeployRef(place, deployment.external_id, deployment.details.get("ref", {}))


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a service wants its deployments to be made, with what holds where it says nothing."""

    ladder: tuple[int, ...]
    hold_s: float
    build_deadline_s: float


def wishes_of(
    service: Service, strategy: str, *, steps: tuple[int, ...], hold_s: float, build_s: float
) -> Wishes:
    """Return the shares of a canary in order, how long each is held, and how long a build may take."""
    settings = service.settings
    asked = settings.get("canary_steps", list(steps)) if strategy == Deployment.Strategy.CANARY else []
    shares = sorted({int(share) for share in asked if 0 < int(share) < pace.ALL})
    return Wishes(
        ladder=(*shares, pace.ALL),
        hold_s=float(settings.get("canary_hold_s", hold_s)),
        build_deadline_s=float(settings.get("build_deadline_s", build_s)),
    )


def is_addressed(recipe: Recipe) -> bool:
    """Tell whether what runs has an address that can be looked at."""
    return recipe.kind in ADDRESSED


def _spec(release: Release, service: Service) -> Spec:
    return Spec(
        place=place_of(service),
        recipe=recipe_of(release),
        bundle=bundle_of(release),
        variables=variables_of(service.project, service.environment),
        release=str(release.number),
    )
