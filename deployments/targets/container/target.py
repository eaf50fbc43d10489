"""The `container` target: `apply` writes out and checks, and that is all it does; whoever owns a cluster runs it."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from deployments.targets.container.archive import Written
from deployments.targets.container.blueprint import blueprint_of
from deployments.targets.container.checks import findings
from deployments.targets.container.faults import variables_fault
from deployments.targets.container.files import written
from deployments.targets.container.handbook import remarks
from deployments.targets.container.names import domain_fault
from deployments.targets.contract import (
    Capabilities,
    DeployRef,
    Domain,
    Kind,
    LogLine,
    LogPage,
    Phase,
    Place,
    Spec,
    Status,
    Step,
)
from deployments.targets.errors import TargetLost, TargetRefused

_NOT_HERE = (
    "Nothing runs here: this target writes files for a cluster of yours. "
    "Apply `kubernetes/suspended` of the release to stop it, `kubernetes/base` to start it."
)


def write_out(spec: Spec) -> Written:
    """Return what a spec is written out as; the same spec gives the same files. Raises TargetRefused."""
    blueprint = blueprint_of(spec)
    return Written(blueprint=blueprint, files=written(blueprint), bundle=spec.bundle)


class ContainerTarget:
    """Keeps nothing: what it wrote is in the release, and `DeployRef.details` holds the digest and what was found."""

    name = "container"

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def unavailable(self, tenant_id: str) -> str | None:
        """Always there: it needs no key and no program."""
        return None

    def capabilities(self) -> Capabilities:
        """Every kind, from files or an image; host names are written out, nothing is run."""
        return Capabilities(
            kinds=frozenset(Kind), uploads=True, domains=True, logs=True, rollback=True, runs=False
        )

    def plan(self, spec: Spec) -> tuple[Step, ...]:
        """Return each file that would be written."""
        made = write_out(spec)
        return tuple(Step("create", path, f"{len(text.encode())} bytes") for path, text in made.files.items())

    def apply(self, spec: Spec, *, key: str) -> DeployRef:
        """Write out, check, and return the digest; another try with the same release returns the same digest."""
        made = write_out(spec)
        found = findings(made.files)
        faults = [str(finding) for finding in found if not finding.passed]
        if faults:
            raise TargetRefused(f"What was written out is not sound. {faults[0]}")
        said = [str(finding) for finding in found] + [f"note: {text}" for text in remarks(made.blueprint)]
        details = {
            "digest": made.digest,
            "folder": made.folder,
            "files": len(made.files),
            "image": made.blueprint.image,
            "variables": list(made.blueprint.variables),
            "domains": list(made.blueprint.domains),
            "written": self._now(),
            "log": said,
        }
        return DeployRef(place=spec.place, deployment_id=key, details=details)

    def find(self, place: Place, *, key: str) -> DeployRef | None:
        """Return None: nothing was kept, and writing out again gives the same."""
        return None

    def status(self, ref: DeployRef) -> Status:
        """Live means written; what a cluster made of it is not known here."""
        digest = _digest(ref.details)
        return Status(Phase.LIVE, detail=f"written out, digest {digest}", traffic_percent=100)

    def promote(self, ref: DeployRef, *, percent: int = 100) -> None:
        """Do nothing: there is no traffic here."""

    def logs(self, ref: DeployRef, cursor: str = "") -> LogPage:
        """Return what was checked, once."""
        lines = ref.details.get("log", ())
        start = int(cursor) if cursor.isdecimal() else 0
        at = float(ref.details.get("written", 0.0))
        new = tuple(LogLine(at=at, stream="target", text=text) for text in lines[start:])
        return LogPage(lines=new, cursor=str(max(start, len(lines))))

    def cancel(self, ref: DeployRef) -> None:
        """Do nothing: it is written in one go."""

    def rollback(self, ref: DeployRef, spec: Spec, *, key: str) -> DeployRef:
        """Write the earlier release out again; its image and its files are what they were."""
        return self.apply(spec, key=key)

    def variables(self, place: Place, values: Mapping[str, str]) -> None:
        """Look at the names; the next release written out asks for them, and nobody writes their values."""
        fault = variables_fault(tuple(values))
        if fault:
            raise TargetRefused(fault)

    def domains(self, place: Place, names: tuple[str, ...]) -> tuple[Domain, ...]:
        """Return them as the next release is written out with them; whose they are is seen at the cluster."""
        fault = next((text for name in names if (text := domain_fault(name.strip().lower()))), "")
        if fault:
            raise TargetRefused(fault)
        record = "{} CNAME or A: the address of your cluster's ingress"
        return tuple(Domain(name, verified=False, record=record.format(name)) for name in names)

    def configure(self, place: Place) -> None:
        """Do nothing: the next release written out has them."""

    def suspend(self, place: Place) -> None:
        """Refuse, and say what does it: `Capabilities.suspend` is False."""
        raise TargetRefused(_NOT_HERE)

    def resume(self, place: Place) -> None:
        """Refuse, as `suspend` does."""
        raise TargetRefused(_NOT_HERE)

    def destroy(self, place: Place) -> None:
        """Do nothing: nothing was kept. `kubectl delete --kustomize` takes it off a cluster."""


def _digest(details: Mapping[str, Any]) -> str:
    digest = details.get("digest")
    if not isinstance(digest, str):
        raise TargetLost("This deployment was not written out here: deploy its release again.")
    return digest
