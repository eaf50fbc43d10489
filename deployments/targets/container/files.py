"""Everything that is written out beside the release's own files, by path; pure."""

from collections.abc import Mapping

from deployments.targets.container import compose, kustomization
from deployments.targets.container.blueprint import Blueprint
from deployments.targets.container.dockerfile import dockerfile
from deployments.targets.container.handbook import handbook
from deployments.targets.container.manifests import MANIFESTS
from deployments.targets.container.manifests.secret import secret_shape
from deployments.targets.container.web_server import default_conf, dockerignore
from deployments.targets.container.yaml_text import dumped

BASE = "kubernetes/base"


def written(blueprint: Blueprint) -> Mapping[str, str]:
    """Return the text of each file by its path, in the order of their paths."""
    files = {"README.md": handbook(blueprint), "compose.yaml": dumped(compose.compose(blueprint))}
    files |= _recipe(blueprint) | _manifests(blueprint) | _variables(blueprint)
    return dict(sorted(files.items()))


def _recipe(blueprint: Blueprint) -> dict[str, str]:
    if not blueprint.builds:
        return {}
    web = {"web/default.conf": default_conf(blueprint)} if blueprint.serves_files else {}
    return {"Dockerfile": dockerfile(blueprint), ".dockerignore": dockerignore(blueprint), **web}


def _manifests(blueprint: Blueprint) -> dict[str, str]:
    made = {name: manifest for name, make in MANIFESTS.items() if (manifest := make(blueprint))}
    return {
        **{f"{BASE}/{name}": dumped(manifest) for name, manifest in made.items()},
        f"{BASE}/kustomization.yaml": dumped(kustomization.base(blueprint, made)),
        "kubernetes/suspended/kustomization.yaml": dumped(kustomization.suspended(blueprint)),
    }


def _variables(blueprint: Blueprint) -> dict[str, str]:
    shape = secret_shape(blueprint)
    if shape is None:
        return {}
    lines = [f"{name}=" for name in blueprint.variables]
    return {
        "kubernetes/secret.example.yaml": dumped(shape),
        f"{compose.VARIABLES_FILE}.example": "\n".join(["# One line for each, without quotes.", *lines, ""]),
    }
