"""What is written out, as one value: a deployment's spec with every name, number and choice settled; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployments.targets.container import bases
from deployments.targets.container.faults import first_fault
from deployments.targets.container.names import (
    IMAGE,
    MOST_OF_A_CRON_NAME,
    MOST_OF_A_LABEL,
    label_of,
    label_value_of,
)
from deployments.targets.container.sizes import Size, size_of
from deployments.targets.contract import Kind, Recipe, Spec
from deployments.targets.errors import TargetRefused

PORT_VARIABLE = "PORT"
_TAG_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Everything the writers need; two equal ones are written out as the same bytes."""

    name: str
    namespace: str
    own_namespace: bool  # made for this service, so it goes with it
    repository: str  # of the image, with its registry
    tag: str  # "" where a digest names it
    digest: str
    builds: bool  # False where an image is given
    recipe: Recipe
    serves_files: bool
    port: int
    user: int  # 0 where the given image says
    variables: tuple[str, ...]  # names only: values never come here
    domains: tuple[str, ...]
    size: Size
    ingress_class: str
    issuer: str
    release: str
    checksum: str
    environment: str
    paths: frozenset[str]
    installs: str  # of requirements.txt: "" there is none, "alone", "with the rest"

    @property
    def image(self) -> str:
        """The image as a manifest names it."""
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")

    @property
    def listens(self) -> bool:
        """Whether something connects to it."""
        return self.recipe.kind in {Kind.STATIC, Kind.WEB, Kind.PRIVATE}

    @property
    def host(self) -> str:
        """What a probe sends as its Host: programs that check it refuse the pod's address."""
        return self.domains[0].replace("*.", "www.") if self.domains else "localhost"


def blueprint_of(spec: Spec) -> Blueprint:
    """Settle a spec. Raises TargetRefused with the first thing that cannot be written out."""
    place, recipe, settings = spec.place, spec.recipe, spec.place.settings
    paths = frozenset(spec.bundle.paths())
    variables = tuple(sorted(set(spec.variables) - {PORT_VARIABLE}))
    domains = domains_of(settings)
    fault = first_fault(recipe, paths=paths, settings=settings, variables=variables, domains=domains)
    if fault:
        raise TargetRefused(fault)
    name = label_of(place.name, MOST_OF_A_CRON_NAME if recipe.kind is Kind.CRON else MOST_OF_A_LABEL)
    serves_files = recipe.kind is Kind.STATIC or (recipe.runtime == "static" and not recipe.start)
    given = recipe.source.get("image", "")
    repository, tag, digest = _image(settings, name=name, given=given, checksum=spec.bundle.checksum)
    return Blueprint(
        name=name,
        namespace=str(settings.get("namespace") or name),
        own_namespace=not settings.get("namespace"),
        repository=repository,
        tag=tag,
        digest=digest,
        builds=not given,
        recipe=recipe,
        serves_files=serves_files and not given,
        port=bases.WEB_SERVER_PORT if serves_files and not given else recipe.port,
        user=_user(serves_files=serves_files, given=given),
        variables=variables,
        domains=domains,
        size=size_of(place, serves_files=serves_files),
        ingress_class=str(settings.get("ingress_class", "")),
        issuer=str(settings.get("issuer", "")),
        release=label_value_of(spec.release or spec.bundle.checksum[:_TAG_DIGITS]),
        checksum=spec.bundle.checksum,
        environment=label_value_of(place.environment),
        paths=paths,
        installs=_installs(spec, paths),
    )


def domains_of(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the host names of a service, given as names or as what `DeployTarget.domains` returned."""
    given = settings.get("domains") or ()
    names = (one["name"] if isinstance(one, Mapping) else str(one) for one in given)
    return tuple(sorted({name.strip().lower() for name in names}))


def _image(settings: Mapping[str, Any], *, name: str, given: str, checksum: str) -> tuple[str, str, str]:
    if given:
        match = IMAGE.match(given)
        assert match is not None  # `first_fault` looked
        return match["repository"], match["tag"] or "", match["digest"] or ""
    registry = str(settings.get("registry", "")).strip("/")
    return (f"{registry}/{name}" if registry else name), checksum[:_TAG_DIGITS], ""


def _user(*, serves_files: bool, given: str) -> int:
    if given:
        return 0
    return bases.WEB_SERVER_USER if serves_files else bases.OWN_USER


def _installs(spec: Spec, paths: frozenset[str]) -> str:
    if "requirements.txt" not in paths or spec.recipe.runtime != "python":
        return ""
    lines = spec.bundle.read("requirements.txt").decode(errors="replace").splitlines()
    beside = ("-r", "-c", "-e", "--requirement", "--constraint", "--editable", ".", "/", "file:")
    return "with the rest" if any(line.strip().startswith(beside) for line in lines) else "alone"
