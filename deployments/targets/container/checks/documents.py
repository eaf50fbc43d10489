"""The written files as parsed documents."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import yaml

YAML = (".yaml", ".yml")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where it was built in


def documents(files: Mapping[str, str]) -> dict[str, Any]:
    """Return the document of each YAML file by its path."""
    return {path: parsed(text) for path, text in files.items() if path.endswith(YAML)}


@lru_cache(maxsize=64)
def parsed(text: str) -> Any:
    """Return the document of a text. Every check reads the same one; none changes it."""
    return yaml.load(text, Loader=LOADER)  # noqa: S506  (both loaders are safe ones)


def manifests(files: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return what a cluster is given, by path: no kustomization, no compose file."""
    return {
        path: document
        for path, document in documents(files).items()
        if path.startswith("kubernetes/") and not path.endswith("kustomization.yaml")
    }


def pod_of(manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the pod template of a manifest that has one."""
    spec = manifest.get("spec", {})
    template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
    return template if isinstance(template, dict) else None


def containers(files: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield the path, the pod and the container of each container."""
    for path, manifest in manifests(files).items():
        pod = pod_of(manifest)
        for container in (pod or {}).get("spec", {}).get("containers", ()):
            yield path, (pod or {})["spec"], container
