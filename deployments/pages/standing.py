"""How a project's services stand, read from rows: what its status page tells, and no more than that."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from deployments.models import Deployment, DeploymentEvent, Project, Service
from deployments.pages.uptime import DAYS, Seen, Uptime, uptime

PAGE, PUBLIC = "status_page", "public"  # of a project's settings
WORDS = {
    "healthy": ("good", "Up"),
    "unhealthy": ("bad", "Down"),
    "suspended": ("wait", "Suspended"),
    "unknown": ("none", "Not known yet"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One service: its environment, how it is now, and how the last days went."""

    service: Service
    now: str  # healthy, unhealthy, suspended or unknown
    past: Uptime

    @property
    def look(self) -> str:
        """The colour of its state."""
        return WORDS[self.now][0]

    @property
    def words(self) -> str:
        """Its state, for people."""
        return WORDS[self.now][1]


@dataclass(frozen=True, slots=True)
class ProjectStanding:
    """All services of a project."""

    project: Project
    services: tuple[Standing, ...]

    @property
    def look(self) -> str:
        """The colour of the whole: the worst that serves."""
        looks = {one.look for one in self.services}
        return next((look for look in ("bad", "wait", "none", "good") if look in looks), "none")

    @property
    def words(self) -> str:
        """The whole, in a sentence."""
        down = sum(one.now == "unhealthy" for one in self.services)
        if down:
            return f"{down} of {len(self.services)} down" if len(self.services) > 1 else "It is down"
        told = {"good": "Everything is up", "wait": "Suspended", "none": "Not known yet"}
        return told[self.look] if self.services else "Nothing runs yet"


def is_public(project: Project) -> bool:
    """Whether its owner has switched the public page on; a project that was put away has none."""
    page = project.settings.get(PAGE)
    return isinstance(page, Mapping) and page.get(PUBLIC) is True and project.archived is None


def standing_of(project: Project, *, now: datetime) -> ProjectStanding:
    """Return how a project of the current tenant stands; three queries, whatever there is."""
    rows = Service.objects.filter(project_id=project.pk).exclude(state=Service.State.DESTROYED)
    services = list(rows.defer("settings", "domains").order_by("environment", "target"))
    seen = seen_of([row.pk for row in services], since=now - timedelta(days=DAYS + 1))
    found = tuple(Standing(row, _now(row), uptime(seen[row.pk], now=now)) for row in services)
    return ProjectStanding(
        project, tuple(sorted(found, key=lambda one: _ORDER.index(one.service.environment)))
    )


_ORDER = ("production", "staging", "preview")


def seen_of(services: Iterable[UUID], *, since: datetime) -> Mapping[UUID, list[Seen]]:
    """Return what was seen of each service: it went live, or its health changed."""
    found: dict[UUID, list[Seen]] = defaultdict(list)
    ids = list(services)
    lives = Deployment.objects.filter(service_id__in=ids, live_since__isnull=False)
    for service_id, at in lives.values_list("service_id", "live_since"):
        found[service_id].append(Seen(at, up=True))
    changes = DeploymentEvent.objects.filter(
        deployment__service_id__in=ids, kind="health", data__has_key="health", created__gte=since
    )
    for service_id, at, data in changes.values_list("deployment__service_id", "created", "data"):
        found[service_id].append(Seen(at, up=_is_up(data)))
    return found


def _is_up(data: Mapping[str, Any]) -> bool:
    return data.get("health") != Service.Health.UNHEALTHY


def _now(row: Service) -> str:
    return str(row.state if row.state == Service.State.SUSPENDED else row.health)
