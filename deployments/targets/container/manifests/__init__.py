"""The Kubernetes manifests, by the name of their file, in the order they are applied."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from deployments.targets.container.blueprint import Blueprint
from deployments.targets.container.manifests.network import ingress, network_policy, service
from deployments.targets.container.manifests.place import namespace
from deployments.targets.container.manifests.scaling import autoscaler, disruption_budget
from deployments.targets.container.manifests.workload import workload

Manifest = dict[str, Any]

MANIFESTS: Mapping[str, Callable[[Blueprint], Manifest | None]] = MappingProxyType(
    {
        "namespace.yaml": namespace,
        "workload.yaml": workload,
        "service.yaml": service,
        "ingress.yaml": ingress,
        "network-policy.yaml": network_policy,
        "autoscaler.yaml": autoscaler,
        "disruption-budget.yaml": disruption_budget,
    }
)
