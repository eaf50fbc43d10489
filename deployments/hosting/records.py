"""What the host keeps of a site and of each of its deployments: values, and how they become JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

BUILDING, RELEASING, LIVE, FAILED = "building", "releasing", "live", "failed"
CANCELED, SUPERSEDED, SUSPENDED = "canceled", "superseded", "suspended"
OPEN = frozenset({BUILDING, RELEASING})
LONGEST_DETAIL = 2_000


@dataclass(frozen=True, slots=True)
class HowItRuns:
    """A recipe as the host reads it; see `deployments.targets.contract.Recipe`."""

    kind: str = "static"
    runtime: str = "static"
    build: str = ""
    start: str = ""
    publish: str = ""
    port: int = 8000
    health_deadline_s: float = 60.0

    @property
    def is_static(self) -> bool:
        """Files are served; nothing runs once it is built."""
        return self.kind == "static"


@dataclass(frozen=True, slots=True)
class Deployed:
    """One deployment. `built`: its files are those of its build. `automatic`: it gets all traffic once it is up."""

    id: str
    checksum: str
    recipe: HowItRuns
    release: str = ""
    phase: str = BUILDING
    detail: str = ""
    made_at: float = 0.0
    build_s: float | None = None
    sealed_variables: str = ""
    built: str = ""  # the deployment whose build it uses, empty where nothing was built
    automatic: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return what `of_json` reads."""
        return asdict(self)

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        return cls(**{**value, "recipe": HowItRuns(**value["recipe"])})

    def into(self, phase: str, detail: str = "") -> "Deployed":
        """Return it in another phase."""
        return replace(self, phase=phase, detail=detail[:LONGEST_DETAIL])


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """A service's place on this host. `candidate` gets `percent` of the traffic; `previous` served before."""

    tenant_id: str
    service_id: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    domains: tuple[str, ...] = ()
    suspended: bool = False
    candidate: str = ""
    percent: int = 0
    previous: str = ""
    sealed_variables: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what `of_json` reads."""
        return asdict(self)

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        return cls(**{**value, "domains": tuple(value["domains"])})
