"""The target of a bare machine: our own host, over its control side."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from deployments.hosting.client import HostError, HostingClient
from deployments.targets.contract import (
    Capabilities,
    DeployRef,
    Domain,
    Kind,
    LogLine,
    LogPage,
    Phase,
    Place,
    Recipe,
    Spec,
    Status,
    Step,
)
from deployments.targets.errors import TargetBusy, TargetError, TargetLost, TargetRefused, TargetUnavailable

MISSING = (
    "The hosting server is not running: start the product with `manage.py serve`, or set MIOSA_HOSTING_URL."
)
RECIPE = ("runtime", "build", "start", "publish", "port", "health_deadline_s")
FAULTS: dict[str, type[TargetError]] = {"refused": TargetRefused, "lost": TargetLost}


class LocalTarget:
    """Static sites, and apps of any kind in boxes; candidates, shares of traffic and going back in an instant."""

    name = "local"

    def __init__(self, control_url: str) -> None:
        """`control_url`: of the hosting server, with its token; '' is allowed and makes it unavailable."""
        self._url = control_url
        self.host = HostingClient(control_url or "http://127.0.0.1:1")

    def unavailable(self, tenant_id: str) -> str | None:
        """Return why it cannot be used, None where it can."""
        if not self._url:
            return MISSING
        try:
            self.host.health()
        except HostError as error:
            return str(error)
        return None

    def capabilities(self) -> Capabilities:
        """All that a host of our own can."""
        return Capabilities(
            kinds=frozenset({Kind.STATIC, Kind.WEB}),
            candidate=True,
            canary=True,
            uploads=True,
            domains=True,
            suspend=True,
            logs=True,
            rollback=True,
        )

    def plan(self, spec: Spec) -> tuple[Step, ...]:
        """Return what would happen. Raises TargetRefused."""
        _check(spec.recipe)
        try:
            with _faults():
                held = self.host.site(_at(spec.place))
        except TargetLost:
            held = None
        about = f"{len(spec.bundle.paths())} files, {spec.bundle.size_bytes:,} bytes"
        steps = [
            Step("keep" if held else "create", f"site {spec.place.name}", (held or {}).get("url", "")),
            Step("create", f"release {spec.release or spec.bundle.checksum[:12]}", about),
        ]
        if spec.recipe.build:
            steps.append(Step("create", "build", spec.recipe.build))
        if spec.recipe.kind is Kind.WEB:
            steps.append(Step("create", "process", spec.recipe.start))
        if held and held["current"]:
            steps.append(Step("change", "traffic", f"from deployment {held['current']}"))
        return tuple(steps)

    def apply(self, spec: Spec, *, key: str) -> DeployRef:
        """Start a deployment; its files are sent only where the host lacks them."""
        return self._deploy(spec, key, {})

    def _deploy(self, spec: Spec, key: str, more: Mapping[str, Any]) -> DeployRef:
        _check(spec.recipe)
        told = {
            "service_id": spec.place.service_id,
            "checksum": spec.bundle.checksum,
            "release": spec.release,
            "recipe": _recipe(spec.recipe),
            "files": dict(spec.bundle.paths()),
            "variables": dict(spec.variables),
            "settings": dict(spec.place.settings),
            **more,
        }
        with _faults():
            try:
                self.host.deploy(_at(spec.place), key, told, None)
            except HostError as error:
                if error.code != "files_needed":
                    raise
                self.host.deploy(_at(spec.place), key, told, spec.bundle.tar())
        return _ref(spec.place, key)

    def find(self, place: Place, *, key: str) -> DeployRef | None:
        """Return the deployment of this key, None where there is none."""
        try:
            with _faults():
                self.host.deployment(_at(place), key)
        except TargetLost:
            return None
        return _ref(place, key)

    def status(self, ref: DeployRef) -> Status:
        """Return how it stands."""
        with _faults():
            told = self.host.deployment(_at(ref.place), ref.deployment_id)
        return Status(
            phase=Phase(told["phase"]),
            detail=told["detail"],
            url=told["url"],
            candidate_url=told["candidate_url"],
            traffic_percent=told["traffic_percent"],
            build_s=told["build_s"],
            retry_after_s=told["retry_after_s"],
            asleep=told["asleep"],
            look_headers=told["look_headers"],
        )

    def promote(self, ref: DeployRef, *, percent: int = 100) -> None:
        """Give it a share of the traffic; all of it is one switch."""
        with _faults():
            self.host.promote(_at(ref.place), ref.deployment_id, percent)

    def logs(self, ref: DeployRef, cursor: str = "") -> LogPage:
        """Return what was written since the cursor."""
        with _faults():
            told = self.host.log(_at(ref.place), ref.deployment_id, cursor)
        return LogPage(tuple(LogLine(*line) for line in told["lines"]), told["cursor"])

    def cancel(self, ref: DeployRef) -> None:
        """Stop it unless it is live."""
        with _faults():
            self.host.cancel(_at(ref.place), ref.deployment_id)

    def rollback(self, ref: DeployRef, spec: Spec, *, key: str) -> DeployRef:
        """Go back: files and build are there still, and often the running process; it goes live by itself."""
        return self._deploy(spec, key, {"automatic": True, "like": ref.deployment_id})

    def variables(self, place: Place, values: Mapping[str, str]) -> None:
        """Replace the variables of the next deployment."""
        with _faults():
            self.host.replace_variables(_at(place), values)

    def domains(self, place: Place, names: tuple[str, ...]) -> tuple[Domain, ...]:
        """Make these the site's host names; each is served as soon as it leads here."""
        with _faults():
            told = self.host.replace_domains(_at(place), names)
        return tuple(Domain(one["name"], verified=True, record=one["record"]) for one in told)

    def configure(self, place: Place) -> None:
        """Settings hold at once; an app gets other limits when it is started next."""
        with _faults():
            self.host.configure(_at(place), place.settings)

    def suspend(self, place: Place) -> None:
        """Stop serving; nothing is lost."""
        with _faults():
            self.host.suspend(_at(place))

    def resume(self, place: Place) -> None:
        """Serve again."""
        with _faults():
            self.host.resume(_at(place))

    def destroy(self, place: Place) -> None:
        """Remove everything of it."""
        with _faults():
            self.host.destroy(_at(place))


def _check(recipe: Recipe) -> None:
    """Raise TargetRefused for what is clear without asking the host."""
    if recipe.kind not in {Kind.STATIC, Kind.WEB}:
        raise TargetRefused(
            f"The local target runs static sites and web services, no {recipe.kind}: choose another target."
        )
    if recipe.source:
        raise TargetRefused(
            "The local target takes the release's files, no git address or image: leave `source` empty."
        )
    if recipe.kind is Kind.WEB and not recipe.start:
        raise TargetRefused("A web service needs a start command in its recipe.")


def _recipe(recipe: Recipe) -> dict[str, Any]:
    return {"kind": str(recipe.kind), **{name: getattr(recipe, name) for name in RECIPE}}


def _at(place: Place) -> tuple[str, str]:
    return place.tenant_id, place.name


def _ref(place: Place, key: str) -> DeployRef:
    return DeployRef(replace(place, external_id=place.name), key)


@contextmanager
def _faults() -> Iterator[None]:
    """Turn the host's words into the contract's errors."""
    try:
        yield
    except HostError as error:
        if error.code == "busy":
            raise TargetBusy(str(error), retry_after_s=error.retry_after_s) from error
        raise FAULTS.get(error.code, TargetUnavailable)(str(error)) from error
