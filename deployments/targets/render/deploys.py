"""Deploys of a service as they are read and stopped, and the names they go by."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from deployments.targets.contract import DeployRef, Place
from deployments.targets.errors import TargetRefused
from deployments.targets.render.client import RenderClient
from deployments.targets.render.failures import Unanswered
from deployments.targets.render.intents import deploy_of, memory_of
from deployments.targets.render.services import Service, variables_there
from deployments.targets.render.statuses import moment

QUEUED = "queued:"  # in place of an id that Render has not given yet; the key follows

Deploy = Mapping[str, Any]


def reference(place: Place, service: Service, deploy_id: str, key: str) -> DeployRef:
    """Return the name of a deploy; one that waits in Render's queue goes by its key until it has an id."""
    there = replace(place, external_id=str(service["id"]))
    return DeployRef(there, deploy_id or f"{QUEUED}{key}", {"key": key})


def made_for(client: RenderClient, service_id: str, key: str) -> Deploy | None:
    """Return the deploy that was made for a key, None where none shows."""
    memory = memory_of(variables_there(client, service_id))
    return deploy_of(memory, key, newest_first(client, service_id)) if memory else None


def newest_first(client: RenderClient, service_id: str, *, limit: int = 20) -> Iterator[Deploy]:
    """Yield the deploys of a service, newest first; whoever stops early asks for no more pages."""
    return client.pages(f"/services/{service_id}/deploys", "deploy", {"limit": limit})


def newer_than(client: RenderClient, service_id: str, deploy: Deploy) -> list[Deploy]:
    """Return the deploys created after this one."""
    begun_at = moment(deploy.get("createdAt")) or 0.0
    found: list[Deploy] = []
    for other in newest_first(client, service_id):
        if other["id"] == deploy["id"] or (moment(other.get("createdAt")) or 0.0) < begun_at:
            break
        found.append(other)
    return found


def canceled(client: RenderClient, service_id: str, deploy_id: str) -> None:
    """Stop a deploy that is under way; one that ended meanwhile is left as it is."""
    path = f"/services/{service_id}/deploys/{deploy_id}"
    if client.get(path).get("finishedAt"):
        return
    try:
        client.change("POST", f"{path}/cancel")
    except (TargetRefused, Unanswered):
        if not client.get(path).get("finishedAt"):
            raise
