"""Everything the double knows, and the few ways it changes: create, deploy, end, delete, tell."""

import itertools
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from miosa.testing.double_clock import Clock, written
from miosa.testing.double_faults import Faults
from miosa.testing.render_double.details import filled
from miosa.testing.render_double.life import Pace, move_on, override
from miosa.testing.render_double.limits import Limits
from miosa.testing.render_double.messages import Refusal
from miosa.testing.render_double.things import Deploy, Service, Webhook

KEY = "rnd_double0key"
OWNER = {"id": "tea-double", "name": "Double", "email": "double@example.com", "type": "team"}
TRIGGERS = ("envUpdated", "manual", "deployedByRender", "clearCache", "rollback")
Listener = Callable[[dict[str, Any]], None]


class World:
    """`lag_s`: how long new things take to show in lists. `unique_names`: refuse a second service of a name."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.faults = Faults()
        self.limits = Limits()
        self.pace = Pace()
        self.keys: dict[str, list[dict[str, Any]]] = {KEY: [OWNER]}
        self.services: dict[str, Service] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.listeners: list[Listener] = []
        self.lag_s = 0.0
        self.unique_names = False
        self.resolves: set[str] = set()  # host names whose DNS points here
        self.next_ends: list[
            str
        ] = []  # what becomes of the next deploys, "stuck" for a build that never ends
        self._numbers = itertools.count(1)

    def id(self, prefix: str) -> str:
        """Return a new id."""
        return f"{prefix}-{next(self._numbers):020d}"

    def service(self, service_id: str) -> Service:
        """Return a service, moved on to now. Raises Refusal(404)."""
        found = self.services.get(service_id)
        if found is None:
            raise Refusal(404, f"not found: {service_id}")
        self.catch_up(found)
        return found

    def deploy(self, service_id: str, deploy_id: str) -> Deploy:
        """Return a deploy that has left the queue."""
        for deploy in self.service(service_id).deploys:
            if deploy.id == deploy_id and not deploy.waits:
                return deploy
        raise Refusal(404, f"not found: {deploy_id}")

    def catch_up(self, service: Service) -> None:
        """Let the time that passed take effect."""
        for ended in move_on(service, self.clock.now(), self.pace):
            self._ended(service, ended)

    def shows(self, at: datetime | None) -> bool:
        """Whether a thing shows in lists already."""
        return at is None or at <= self.clock.now()

    def create(self, asked: dict[str, Any]) -> tuple[Service, Deploy]:
        """Make a service and its first deploy."""
        same = any(other.name == asked["name"] for other in self.services.values())
        if self.unique_names and same:
            raise Refusal(400, f"name already in use: {asked['name']}")
        now, kind = self.clock.now(), asked["type"]
        service_id = self.id("crn" if kind == "cron_job" else "srv")
        service = Service(service_id, asked["ownerId"], dict(asked), {}, now, now)
        service.details = filled(kind, asked.get("serviceDetails") or {}, host=service.host)
        service.variables = {row["key"]: row.get("value", "made") for row in asked.get("envVars", ())}
        service.shows_at = now + timedelta(seconds=self.lag_s)
        self.services[service_id] = service
        return service, self.start(service, trigger="other")

    def start(
        self,
        service: Service,
        *,
        trigger: str,
        commit: str = "",
        image: str = "",
        builds: bool = True,
        queued: bool = False,
    ) -> Deploy:
        """Begin a deploy; what it becomes was ordered in `next_ends`, or it goes live."""
        now = self.clock.now()
        ends = self.next_ends.pop(0) if self.next_ends else "live"
        deploy = Deploy(
            self.id("dep"), trigger, now, commit=commit or f"{len(service.deploys):040x}", image=image
        )
        deploy.ends, deploy.stuck, deploy.builds = (
            ("live", True, builds) if ends == "stuck" else (ends, False, builds)
        )
        deploy.shows_at = now + timedelta(seconds=self.lag_s)
        if queued or (self.pace.overlap == "wait" and self.is_busy(service)):
            deploy.waits = True
        else:
            for stopped in override(service, now):
                self._ended(service, stopped)
        service.deploys.append(deploy)
        self.write(service, f"==> Deploying {deploy.id}", type_="build")
        self.tell(service, "deploy_started", {"deployId": deploy.id, "trigger": _trigger(service, trigger)})
        return deploy

    def is_busy(self, service: Service) -> bool:
        """Whether a deploy is under way."""
        return any(deploy.finished is None for deploy in service.deploys)

    def write(self, service: Service, message: str, *, type_: str = "app", level: str = "info") -> None:
        """Add a line to a service's log."""
        labels = {"resource": service.id, "type": type_, "level": level}
        service.lines.append({
            "id": self.id("log"),
            "message": message,
            "timestamp": written(self.clock.now()),
            "labels": [{"name": name, "value": value} for name, value in labels.items()],
        })  # fmt: skip

    def tell(self, service: Service, kind: str, details: dict[str, Any]) -> None:
        """Keep an event of a service and tell it to whoever listens."""
        event = {
            "id": self.id("evt"),
            "timestamp": written(self.clock.now()),
            "serviceId": service.id,
            "type": kind,
            "details": details,
        }
        service.events.append(event)
        for listener in self.listeners:
            listener(event)

    def _ended(self, service: Service, deploy: Deploy) -> None:
        outcome = {"live": "succeeded", "canceled": "canceled"}.get(deploy.status, "failed")
        level = "error" if outcome == "failed" else "info"
        self.write(service, f"==> Deploy {deploy.id} {outcome}", type_="build", level=level)
        self.tell(service, "deploy_ended", {"deployId": deploy.id, "reason": {}, "deployStatus": outcome})


def _trigger(service: Service, trigger: str) -> dict[str, bool]:
    flags = dict.fromkeys(TRIGGERS, False) | {"firstBuild": not service.deploys}
    return flags | ({"rollback": True} if trigger == "rollback" else {})
