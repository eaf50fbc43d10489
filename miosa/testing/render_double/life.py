"""How deploys move on, by the double's clock: a pure function of a service, the time and the policy."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from miosa.testing.render_double.things import FINAL, Deploy, Service

BUILD_FAILURES = frozenset({"build_failed"})


@dataclass
class Pace:
    """How long the parts take, in the double's seconds. `overlap`: a newer deploy overrides, or waits."""

    created_s: float = 1.0
    build_s: float = 20.0
    update_s: float = 10.0
    overlap: str = "override"


def move_on(service: Service, now: datetime, pace: Pace) -> Iterator[Deploy]:
    """Bring a service's deploys up to date; yield those that ended."""
    for deploy in service.deploys:
        if deploy.waits:
            if any(other.status not in FINAL for other in service.deploys if not other.waits):
                continue
            deploy.waits, deploy.created = False, now
        if deploy.status in FINAL:
            continue
        status, at = _status(deploy, now, pace)
        if status != deploy.status:
            deploy.status, deploy.updated = status, at
            deploy.started = deploy.started or deploy.created
        if status in FINAL:
            deploy.finished = at
            yield deploy
            if status == "live":
                _take_over(service, deploy, at)


def override(service: Service, now: datetime) -> list[Deploy]:
    """Cancel what is under way, for something newer; return what was canceled."""
    stopped = [deploy for deploy in service.deploys if deploy.status not in FINAL]
    for deploy in stopped:
        deploy.status, deploy.finished, deploy.updated, deploy.waits = "canceled", now, now, False
    return stopped


def _status(deploy: Deploy, now: datetime, pace: Pace) -> tuple[str, datetime]:
    begun = deploy.created + timedelta(seconds=pace.created_s)
    built = begun + timedelta(seconds=pace.build_s if deploy.builds else 0.0)
    up = built + timedelta(seconds=pace.update_s)
    if now < begun:
        return "created", deploy.created
    if now < built or deploy.stuck:
        return "build_in_progress", begun
    if deploy.ends in BUILD_FAILURES:
        return deploy.ends, built
    return ("update_in_progress", built) if now < up else (deploy.ends, up)


def _take_over(service: Service, live: Deploy, at: datetime) -> None:
    for other in service.deploys:
        if other is not live and other.status == "live":
            other.status, other.updated = "deactivated", at
