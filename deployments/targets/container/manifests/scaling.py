"""How many there are: more under load, and never all of them gone at once."""

from typing import Any

from deployments.targets.container.blueprint import Blueprint
from deployments.targets.container.manifests.place import metadata, selector
from deployments.targets.contract import Kind


def autoscaler(blueprint: Blueprint) -> dict[str, Any] | None:
    """Return the autoscaler where more pods are allowed than asked for."""
    if blueprint.recipe.kind is Kind.CRON or not blueprint.size.scales:
        return None
    busy = {"type": "Resource", "resource": {"name": "cpu", "target": _at_percent(75)}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(blueprint),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": blueprint.name},
            "minReplicas": blueprint.size.replicas,
            "maxReplicas": blueprint.size.most_replicas,
            "metrics": [busy],
        },
    }


def _at_percent(percent: int) -> dict[str, Any]:
    return {"type": "Utilization", "averageUtilization": percent}


def disruption_budget(blueprint: Blueprint) -> dict[str, Any] | None:
    """Return the budget of what runs more than once; with a single pod it would only block a node's repair."""
    if blueprint.recipe.kind is Kind.CRON or blueprint.size.replicas == 1:
        return None
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(blueprint),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": selector(blueprint)}},
    }
