"""The shape of the Secret that a service reads its variables from: names only, its owner fills in the values."""

from typing import Any

from deployments.targets.container.blueprint import Blueprint
from deployments.targets.container.manifests.place import metadata
from deployments.targets.container.manifests.workload import secret_name


def secret_shape(blueprint: Blueprint) -> dict[str, Any] | None:
    """Return the empty Secret; none where there are no variables."""
    if not blueprint.variables:
        return None
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata(blueprint, secret_name(blueprint)),
        "type": "Opaque",
        "stringData": dict.fromkeys(blueprint.variables, ""),
    }
