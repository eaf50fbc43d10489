"""How the manifests are put together, and the same with nothing running."""

from collections.abc import Collection
from typing import Any

from deployments.targets.container.blueprint import Blueprint
from deployments.targets.contract import Kind

_WORDS = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}


def base(blueprint: Blueprint, manifests: Collection[str]) -> dict[str, Any]:
    """Return the kustomization of the manifests; `images` is the place to name another registry."""
    where = {"digest": blueprint.digest} if blueprint.digest else {"newTag": blueprint.tag}
    image = {"name": blueprint.repository, "newName": blueprint.repository, **where}
    return {**_WORDS, "resources": list(manifests), "images": [image]}


def suspended(blueprint: Blueprint) -> dict[str, Any]:
    """Return the overlay that keeps everything and runs nothing."""
    words: dict[str, Any] = {**_WORDS, "resources": ["../base"]}
    if blueprint.recipe.kind is not Kind.CRON:
        return {**words, "replicas": [{"name": blueprint.name, "count": 0}]}
    patch = "- op: add\n  path: /spec/suspend\n  value: true\n"
    return {**words, "patches": [{"target": {"kind": "CronJob", "name": blueprint.name}, "patch": patch}]}
