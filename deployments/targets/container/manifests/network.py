"""Who reaches it, and whom it reaches: Service, Ingress, NetworkPolicy."""

from typing import Any

from deployments.targets.container.blueprint import Blueprint
from deployments.targets.container.manifests.place import metadata, selector
from deployments.targets.contract import Kind

_PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"]
_PRIVATE_SIX = ["fc00::/7", "fe80::/10"]
_PUBLIC = {Kind.STATIC, Kind.WEB}


def service(blueprint: Blueprint) -> dict[str, Any] | None:
    """Return the Service of what listens."""
    if not blueprint.listens:
        return None
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(blueprint),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(blueprint),
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
        },
    }


def ingress(blueprint: Blueprint) -> dict[str, Any] | None:
    """Return the Ingress of what has host names; without one it is reached inside the cluster only."""
    if not blueprint.domains or blueprint.recipe.kind not in _PUBLIC:
        return None
    words = metadata(blueprint)
    if blueprint.issuer:
        words["annotations"] = {**words["annotations"], "cert-manager.io/cluster-issuer": blueprint.issuer}
    backend = {"service": {"name": blueprint.name, "port": {"name": "http"}}}
    paths = {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}
    ruled = {"ingressClassName": blueprint.ingress_class} if blueprint.ingress_class else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": words,
        "spec": {
            **ruled,
            "tls": [{"hosts": list(blueprint.domains), "secretName": f"{blueprint.name}-tls"}],
            "rules": [{"host": name, "http": paths} for name in blueprint.domains],
        },
    }


def network_policy(blueprint: Blueprint) -> dict[str, Any]:
    """Return who may speak to whom: files call nobody, programs the public internet and their own namespace."""
    port = [{"protocol": "TCP", "port": "http"}]
    everyone: dict[str, Any] = {"ports": port}
    neighbours: dict[str, Any] = {"from": [{"podSelector": {}}], "ports": port}
    incoming = [everyone if blueprint.recipe.kind in _PUBLIC else neighbours] if blueprint.listens else []
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(blueprint),
        "spec": {
            "podSelector": {"matchLabels": selector(blueprint)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": incoming,
            "egress": [] if blueprint.serves_files else _outgoing(),
        },
    }


def _outgoing() -> list[dict[str, Any]]:
    names = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return [
        {"to": [{"namespaceSelector": {}}], "ports": names},
        {"to": [{"podSelector": {}}]},
        {
            "to": [
                {"ipBlock": {"cidr": "0.0.0.0/0", "except": _PRIVATE}},
                {"ipBlock": {"cidr": "::/0", "except": _PRIVATE_SIX}},
            ]
        },
    ]
