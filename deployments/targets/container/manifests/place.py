"""Where it lives in a cluster: the namespace, and what every object says of itself."""

from typing import Any

from deployments.targets.container.blueprint import Blueprint


def metadata(blueprint: Blueprint, name: str = "") -> dict[str, Any]:
    """Return name, namespace and labels of an object."""
    return {
        "name": name or blueprint.name,
        "namespace": blueprint.namespace,
        "labels": {
            **selector(blueprint),
            "app.kubernetes.io/version": blueprint.release,
            "app.kubernetes.io/managed-by": "miosa",
        },
        "annotations": {"miosa/release-checksum": blueprint.checksum},
    }


def selector(blueprint: Blueprint) -> dict[str, str]:
    """Return the labels that never change: a Deployment's selector cannot."""
    return {
        "app.kubernetes.io/name": blueprint.name,
        "app.kubernetes.io/instance": blueprint.environment or "production",
    }


def namespace(blueprint: Blueprint) -> dict[str, Any] | None:
    """Return the service's own namespace, which takes no pod with privileges; none where another's is used."""
    if not blueprint.own_namespace:
        return None
    words = {
        key: value for key, value in metadata(blueprint, blueprint.namespace).items() if key != "namespace"
    }
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {**words, "labels": {**words["labels"], **levels}},
    }
