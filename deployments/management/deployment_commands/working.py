"""A deployment is worked on to its end right here, as a worker would: where none runs, the command needs nobody."""

import time
from uuid import UUID

from django.core.management.base import OutputWrapper

from deployments import insight
from deployments.lifecycle import watching
from deployments.lifecycle.advance import advance
from deployments.models import Deployment, Service
from deployments.models.deployment import OPEN

LOOK_S = 0.1
PATIENCE_S = 1_900.0  # a build's deadline, and a little


def finished(row: Deployment, out: OutputWrapper) -> Deployment:
    """Work on a deployment until it has ended, telling each change; a worker that has it is left alone."""
    until, place = time.monotonic() + PATIENCE_S, 0
    while True:
        _worked([row.pk], UUID(str(row.tenant_id)))
        page = insight.happened_after(row.pk, place)
        for event in page.events:
            place = event["number"]
            if line := _told(event["kind"], event["data"]):
                out.write(f"  {line}")
        if page.ended or time.monotonic() > until:
            return insight.deployment(row.pk)
        time.sleep(LOOK_S)


def settled(row: Service) -> Service:
    """Bring a service to what is wanted of it, if no worker did; wait until that is done or its target refuses."""
    until = time.monotonic() + PATIENCE_S
    while row.settled < row.generation and time.monotonic() < until:
        watching.look(row.pk)
        row.refresh_from_db()
        time.sleep(0 if row.settled >= row.generation else LOOK_S)
    return row


def _worked(waiting: list[UUID], tenant_id: UUID) -> None:
    while waiting:
        waiting += [pk for pk in advance(tenant_id, waiting.pop(0)) if pk not in waiting]


def _told(kind: str, data: dict[str, object]) -> str:
    if kind == "state":
        return str(data["state"])  # why it ended is told at the end
    if kind == "health":
        return f"health: {'passed' if data.get('passed') else data.get('detail')}"
    return f"gets {data['percent']} % of the traffic" if kind == "promoted" else ""


def result(row: Deployment, out: OutputWrapper) -> int:
    """Tell how it ended; the exit code."""
    live = row.state == Deployment.State.LIVE
    release = f"release {row.release.number} of {row.service.project.slug}"
    out.write(
        f"{release} serves: {row.url or row.service.url}" if live else f"{release}: {row.state}. {row.reason}"
    )
    return 0 if live or row.state in OPEN else 1
