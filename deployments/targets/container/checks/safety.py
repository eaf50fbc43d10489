"""Whether what runs has as little power as it can: the level that Kubernetes calls restricted, and no secret."""

from collections.abc import Iterator, Mapping
from typing import Any

from deployments.targets.container.checks.documents import containers, manifests
from deployments.targets.container.checks.finding import Finding

Values = Mapping[str, Any]


def safety(files: Mapping[str, str]) -> Iterator[Finding]:
    """Look at each container, and at what stands where a secret would."""
    found = list(containers(files))
    weak = [f"{path}: {fault}" for path, pod, container in found for fault in _weak(pod, container)]
    yield Finding("every container is confined", tuple(weak if found else ["there is no container"]))
    secrets = [one for one in manifests(files).values() if one["kind"] == "Secret"]
    told = [
        f"{one['metadata']['name']} holds a value"
        for one in secrets
        if any(one["stringData"].values()) or one.get("data")
    ]
    listed = "kubernetes/base/kustomization.yaml"
    applied = ["the empty Secret would be applied"] if "secret.example" in files[listed] else []
    yield Finding("no variable's value is written out", (*told, *applied))


def _weak(pod: Values, container: Values) -> Iterator[str]:
    own, shared = container["securityContext"], pod["securityContext"]
    wanted = {
        "may run as root": not shared["runAsNonRoot"] or shared.get("runAsUser", 1) == 0,
        "has no system call filter": shared["seccompProfile"]["type"] != "RuntimeDefault",
        "may gain privileges": own["allowPrivilegeEscalation"],
        "may write to its image": not own["readOnlyRootFilesystem"],
        "keeps capabilities": own["capabilities"] != {"drop": ["ALL"]},
        "is given the cluster's token": pod["automountServiceAccountToken"],
        "has no limit of memory": "memory" not in container["resources"]["limits"],
        "runs an image that moves": container["image"].endswith(":latest") or ":" not in container["image"],
    }
    yield from (text for text, holds in wanted.items() if holds)
