"""Whether a cluster's own schema takes the manifests, strictly: a member it does not know is a fault."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from kubernetes_validate.utils import SchemaNotFoundError, ValidationError, latest_version, validate

from deployments.targets.container.checks.documents import manifests
from deployments.targets.container.checks.finding import Finding

OLDEST = "1.28"
BETWEEN = ("1.30", "1.33")


@cache
def versions() -> tuple[str, ...]:
    """Return the versions of Kubernetes that are asked, to the newest there is."""
    newest = latest_version()
    return (OLDEST, *BETWEEN, newest.rpartition(".")[0] if newest.count(".") > 1 else newest)


def schemas(files: Mapping[str, str]) -> Iterator[Finding]:
    """Hold every manifest against every version."""
    found = manifests(files)
    for version in versions():
        faults = [
            f"{path}: {fault}"
            for path, manifest in found.items()
            if (fault := schema_fault(manifest, version))
        ]
        yield Finding(f"Kubernetes {version} takes the {len(found)} manifests", tuple(faults))


def schema_fault(manifest: dict[str, Any], version: str) -> str:
    """Say what a version of Kubernetes has against a manifest, "" where it takes it."""
    try:
        validate(manifest, version, strict=True)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.absolute_path)
        return f"{where or 'the manifest'}: {error.message}"
    except SchemaNotFoundError as error:
        return str(error.message)
    return ""
