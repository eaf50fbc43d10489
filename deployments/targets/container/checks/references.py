"""Whether the manifests agree with each other and with the rules for names, which no schema says."""

from collections.abc import Iterator, Mapping
from typing import Any

from deployments.targets.container.checks.documents import documents, manifests, pod_of
from deployments.targets.container.checks.finding import Finding
from deployments.targets.container.names import LABEL, LABEL_VALUE, MOST_OF_A_CRON_NAME, MOST_OF_A_LABEL

Manifest = Mapping[str, Any]


def references(files: Mapping[str, str]) -> Iterator[Finding]:
    """Look at names, selectors, ports and what is named elsewhere."""
    found = manifests(files)
    by_kind = {manifest["kind"]: manifest for manifest in found.values()}
    yield Finding("names and labels keep the rules", tuple(_name_faults(found)))
    yield Finding("selectors find the pods", tuple(_selector_faults(by_kind)))
    yield Finding("what is named is there", (*_port_faults(by_kind), *_missing(by_kind, files)))


def _name_faults(found: Mapping[str, Manifest]) -> Iterator[str]:
    for path, manifest in found.items():
        metadata = manifest["metadata"]
        most = MOST_OF_A_CRON_NAME if manifest["kind"] == "CronJob" else MOST_OF_A_LABEL
        most += len("-variables") if manifest["kind"] == "Secret" else 0
        name = metadata["name"]
        if len(name) > most or not LABEL.match(name):
            yield f"{path}: the name {name!r}"
        labels = {**metadata["labels"], **(pod_of(manifest) or {}).get("metadata", {}).get("labels", {})}
        for key, value in labels.items():
            if len(value) > MOST_OF_A_LABEL or not LABEL_VALUE.match(value):
                yield f"{path}: the label {key}={value!r}"


def _selectors(by_kind: Mapping[str, Manifest]) -> Iterator[tuple[str, Mapping[str, str]]]:
    specs = {kind: manifest.get("spec", {}) for kind, manifest in by_kind.items()}
    if "Service" in specs:
        yield "Service", specs["Service"]["selector"]
    if "NetworkPolicy" in specs:
        yield "NetworkPolicy", specs["NetworkPolicy"]["podSelector"]["matchLabels"]
    for kind in ("Deployment", "PodDisruptionBudget"):
        if kind in specs:
            yield kind, specs[kind]["selector"]["matchLabels"]


def _selector_faults(by_kind: Mapping[str, Manifest]) -> Iterator[str]:
    labels = _pod(by_kind)["metadata"]["labels"]
    for kind, selector in _selectors(by_kind):
        if not selector.items() <= labels.items():
            yield f"the selector of the {kind} finds no pod"


def _pod(by_kind: Mapping[str, Manifest]) -> dict[str, Any]:
    pod = pod_of(by_kind.get("Deployment") or by_kind["CronJob"])
    assert pod is not None
    return pod


def _port_faults(by_kind: Mapping[str, Manifest]) -> Iterator[str]:
    container = _pod(by_kind)["spec"]["containers"][0]
    ports = {port["name"]: port["containerPort"] for port in container.get("ports", ())}
    if any(not 0 < port < 2**16 for port in ports.values()):
        yield "a port is not between 1 and 65535"
    named = {port["targetPort"] for port in by_kind.get("Service", {}).get("spec", {}).get("ports", ())}
    named |= {
        probe.get("httpGet", probe.get("tcpSocket"))["port"]
        for key, probe in container.items()
        if key.endswith("Probe")
    }
    yield from (f"the port {name!r} is not the container's" for name in sorted(named - set(ports)))


def _missing(by_kind: Mapping[str, Manifest], files: Mapping[str, str]) -> Iterator[str]:
    services = {by_kind["Service"]["metadata"]["name"]} if "Service" in by_kind else set()
    for rule in by_kind.get("Ingress", {}).get("spec", {}).get("rules", ()):
        backends = {path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
        yield from (f"the Ingress names the Service {name!r}" for name in sorted(backends - services))
    scaled = by_kind.get("HorizontalPodAutoscaler", {}).get("spec", {}).get("scaleTargetRef")
    if scaled and scaled["name"] != by_kind["Deployment"]["metadata"]["name"]:
        yield "the autoscaler scales something else"
    yield from _missing_variables(by_kind)
    listed = documents(files)["kubernetes/base/kustomization.yaml"]["resources"]
    there = {path.rpartition("/")[2] for path in files if path.startswith("kubernetes/base/")}
    if set(listed) | {"kustomization.yaml"} != there:
        yield "the kustomization does not list the files beside it"


def _missing_variables(by_kind: Mapping[str, Manifest]) -> Iterator[str]:
    secret = by_kind.get("Secret", {"metadata": {"name": ""}, "stringData": {}})
    for entry in _pod(by_kind)["spec"]["containers"][0].get("env", ()):
        wanted = entry.get("valueFrom", {}).get("secretKeyRef")
        if wanted and (
            wanted["name"] != secret["metadata"]["name"] or wanted["key"] not in secret["stringData"]
        ):
            yield f"the variable {entry['name']} is in no Secret"
