"""What a deployment wants at Render, read from its spec and refused with a sentence where Render cannot; pure.

A recipe's `source` names where Render takes the code from: {"git": url, "branch", "commit", "folder", "dockerfile"}
or {"image": reference, "registry_credential": id}. Render takes no uploads.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from deployments.targets.contract import NOTHING, Kind, Recipe, Spec
from deployments.targets.errors import TargetRefused

TYPES = {
    Kind.STATIC: "static_site",
    Kind.WEB: "web_service",
    Kind.PRIVATE: "private_service",
    Kind.WORKER: "background_worker",
    Kind.CRON: "cron_job",
}
LISTENING = frozenset({Kind.WEB, Kind.PRIVATE})
NATIVE = frozenset({"python", "node", "go", "ruby", "rust", "elixir"})
NO_SOURCE = (
    "Render takes no uploads: push the project to its git remote and put the address into the recipe's source "
    '({"git": "https://...", "branch": "main"}), or name an image ({"image": "docker.io/..."})'
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A service as it should be there. `commit` is deployed where it is named, else the branch's newest."""

    kind: Kind
    name: str
    repo: str = ""
    branch: str = ""
    commit: str = ""
    folder: str = ""
    image: str = ""
    registry_credential: str = ""
    region: str = ""
    details: Mapping[str, Any] = field(default_factory=lambda: NOTHING)

    @property
    def type(self) -> str:
        return TYPES[self.kind]

    @property
    def asked_for(self) -> str:
        """The commit or image that a deploy of it is made of; a cron job takes no commit."""
        return self.image or ("" if self.kind is Kind.CRON else self.commit)


def wanted(spec: Spec) -> Wanted:
    """Return what a spec wants. Raises TargetRefused with the first thing that Render cannot do."""
    recipe, source = spec.recipe, spec.recipe.source
    image, repo = source.get("image", ""), source.get("git", "")
    _check_source(recipe, image=image, repo=repo)
    return Wanted(
        kind=recipe.kind,
        name=spec.place.name,
        repo=repo,
        branch=source.get("branch", ""),
        commit=source.get("commit", ""),
        folder=source.get("folder", ""),
        image=image,
        registry_credential=source.get("registry_credential", ""),
        region="" if recipe.kind is Kind.STATIC else spec.place.region,
        details=_details(spec),
    )


def variables_of(spec: Spec) -> dict[str, str]:
    """Return the variables of a service, with the port it should listen on."""
    port = {"PORT": str(spec.recipe.port)} if spec.recipe.kind in LISTENING else {}
    return port | dict(spec.variables)


def _check_source(recipe: Recipe, *, image: str, repo: str) -> None:
    if bool(image) == bool(repo):
        raise TargetRefused(NO_SOURCE)
    if image and recipe.kind is Kind.STATIC:
        raise TargetRefused(
            "Render builds static sites from a git repository only: name one in the recipe's source"
        )
    if repo and not _is_plain_https(repo):
        raise TargetRefused("the git address has to be https:// without a user or password in it")


def _is_plain_https(address: str) -> bool:
    parts = urlsplit(address)
    return (
        parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and len(parts.path) > 1
    )


def _details(spec: Spec) -> dict[str, Any]:
    recipe = spec.recipe
    if recipe.kind is Kind.STATIC:
        return {"buildCommand": recipe.build, "publishPath": recipe.publish or "."}
    details: dict[str, Any] = {"runtime": _runtime(recipe), "envSpecificDetails": _commands(recipe)}
    if spec.place.size:
        details["plan"] = _plan(spec.place.size)
    if recipe.kind is Kind.WEB:
        details["healthCheckPath"] = recipe.health_path
    if recipe.kind is Kind.CRON:
        if not recipe.schedule:
            raise TargetRefused("a cron job needs a schedule of five fields in its recipe")
        details["schedule"] = recipe.schedule
    return details


def _plan(size: str) -> str:
    if size == "free":
        raise TargetRefused(
            "Render's API creates no free services (static sites are free by themselves): choose starter or larger"
        )
    return size


def _runtime(recipe: Recipe) -> str:
    if recipe.source.get("image"):
        return "image"
    if recipe.source.get("dockerfile"):
        return "docker"
    runtime = recipe.source.get("runtime") or recipe.runtime
    if runtime not in NATIVE:
        raise TargetRefused(
            f"Render cannot build the runtime {runtime or 'of this recipe'} from git: choose one of "
            f"{', '.join(sorted(NATIVE))}, or name a Dockerfile or an image in the recipe's source"
        )
    return runtime


def _commands(recipe: Recipe) -> dict[str, str]:
    """Commands as the runtime takes them; an image or a Dockerfile needs none of its own."""
    if recipe.source.get("image"):
        return {"dockerCommand": recipe.start}
    if recipe.source.get("dockerfile"):
        return {"dockerCommand": recipe.start, "dockerfilePath": recipe.source["dockerfile"]}
    if not recipe.start:
        raise TargetRefused(
            "the recipe has no start command; Render needs one for everything but a static site"
        )
    return {"buildCommand": recipe.build, "startCommand": recipe.start}
