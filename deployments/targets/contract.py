"""What a deployment target promises: a place where releases come alive, and that says honestly what it can."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Kind(StrEnum):
    """What runs. `static` serves files; the others run a process, `web` behind an address, the rest without."""

    STATIC = "static"
    WEB = "web"
    PRIVATE = "private"
    WORKER = "worker"
    CRON = "cron"


class Phase(StrEnum):
    """Where a deployment stands at its target, in the order of its life."""

    QUEUED = "queued"
    BUILDING = "building"
    RELEASING = "releasing"  # it is up and waits for traffic
    LIVE = "live"
    FAILED = "failed"
    CANCELED = "canceled"
    SUPERSEDED = "superseded"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target can; whoever drives it asks before it offers.

    `candidate`: a release is up and can be checked before it gets traffic. `canary`: traffic can be shared out.
    `uploads`: it takes files; otherwise the recipe names a source (a git address, an image).
    """

    kinds: frozenset[Kind]
    candidate: bool = False
    canary: bool = False
    uploads: bool = False
    domains: bool = False
    suspend: bool = False
    logs: bool = False
    rollback: bool = False
    runs: bool = True  # False where it only writes out what others run


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a release is built and started; a plain value read from `projects.recipe_of`.

    `build` and `start` are shell commands ("" where there is nothing to do), `publish` the folder of a static site,
    `port` where a process listens (also in its `PORT`), `source` a mapping like {"git": url, "branch": ...} or
    {"image": ...} for targets that take no files. `health`: path, status, text the body must hold, seconds in all.
    """

    kind: Kind
    runtime: str = "static"  # static, python, node or process
    build: str = ""
    start: str = ""
    publish: str = ""
    port: int = 8000
    schedule: str = ""  # of a cron kind, five fields
    health_path: str = "/"
    health_status: int = 200
    health_body: str = ""
    health_deadline_s: float = 60.0
    source: Mapping[str, str] = field(default_factory=lambda: NOTHING)


class Bundle(Protocol):
    """The files of a release, read when they are needed."""

    checksum: str  # of the release: 64 hexadecimal digits
    size_bytes: int

    def paths(self) -> Mapping[str, int]:
        """Return the size in bytes of each file by its path; plain relative paths."""

    def read(self, path: str) -> bytes:
        """Return one file."""

    def tar(self) -> Iterator[bytes]:
        """Yield the files as an uncompressed tar archive."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which service of whom: `name` is unique at the target and says so (`miosa-<tenant>-<slug>-<hash>`)."""

    tenant_id: str
    service_id: str
    name: str
    environment: str = "production"
    external_id: str = ""  # the target's own name of the service, once it is known
    region: str = ""
    size: str = ""  # the target's own name of a plan or instance type
    plan: str = "free"  # the tenant's plan with us
    settings: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Spec:
    """One deployment to be made: what, where, with which variables."""

    place: Place
    recipe: Recipe
    bundle: Bundle
    variables: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    release: str = ""  # "7", shown to people


@dataclass(frozen=True, slots=True)
class Step:
    """One thing `apply` would do; `effect` is create, change, keep or remove."""

    effect: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DeployRef:
    """A deployment at the target: `deployment_id` there, of the service `place.external_id`."""

    place: Place
    deployment_id: str
    details: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Status:
    """How a deployment does. `url` is the service's public address, `candidate_url` the one before traffic.

    `phase` LIVE means that the target gives it traffic. `retry_after_s`: when asking again makes sense. `asleep`: it
    runs again with the next request, and a look would be one. `look_headers`: what a look at its address carries, so
    that it is no visit.
    """

    phase: Phase
    detail: str = ""
    url: str = ""
    candidate_url: str = ""
    traffic_percent: int = 0
    build_s: float | None = None
    retry_after_s: float = 1.0
    asleep: bool = False
    look_headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; `at` is seconds since the epoch, `stream` build, out, err or target."""

    at: float
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines after a cursor, and the cursor after them; the same cursor again where nothing new came."""

    lines: tuple[LogLine, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Domain:
    """A host name of a service; `record` says what its owner puts into the DNS."""

    name: str
    verified: bool
    record: str = ""


class DeployTarget(Protocol):
    """One target. Every method raises TargetError; every method may be called again with the same arguments.

    Network and disk happen here; whoever calls holds no transaction. `key` is the same in every try of one
    deployment, so `apply` makes one deployment for it at the most, whatever was lost on the way.
    """

    name: str

    def unavailable(self, tenant_id: str) -> str | None:
        """Return None where it can be used by this tenant, else what is missing (a key, a program)."""

    def capabilities(self) -> Capabilities:
        """Return what it can."""

    def plan(self, spec: Spec) -> tuple[Step, ...]:
        """Return what `apply` would do, without doing anything. Raises TargetRefused with the first fault."""

    def apply(self, spec: Spec, *, key: str) -> DeployRef:
        """Start a deployment and return its name there; `DeployRef.place.external_id` is to be kept."""

    def find(self, place: Place, *, key: str) -> DeployRef | None:
        """Return the deployment that `apply` with this key made, None where it made none."""

    def status(self, ref: DeployRef) -> Status:
        """Return how it stands."""

    def promote(self, ref: DeployRef, *, percent: int = 100) -> None:
        """Give it this share of the traffic; nothing happens where `candidate` is False.

        None for the one that serves: it is taken from the net, since there is nothing that was any good.
        """

    def logs(self, ref: DeployRef, cursor: str = "") -> LogPage:
        """Return what was written since the cursor."""

    def cancel(self, ref: DeployRef) -> None:
        """Stop a deployment that is not live yet; what is live stays."""

    def rollback(self, ref: DeployRef, spec: Spec, *, key: str) -> DeployRef:
        """Go back to the earlier deployment `ref` (of release `spec`), rebuilding nothing where that can be avoided."""

    def variables(self, place: Place, values: Mapping[str, str]) -> None:
        """Replace the variables of a service; they take effect with its next deployment."""

    def domains(self, place: Place, names: tuple[str, ...]) -> tuple[Domain, ...]:
        """Make these the host names of a service."""

    def configure(self, place: Place) -> None:
        """Take over the settings of a place, as far as that needs no new deployment."""

    def suspend(self, place: Place) -> None:
        """Stop serving; nothing is lost."""

    def resume(self, place: Place) -> None:
        """Serve again."""

    def destroy(self, place: Place) -> None:
        """Remove the service with everything that belongs to it; no error where it is gone already."""
