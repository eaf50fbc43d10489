"""A deployment target without a host: it keeps the contract, on disk, and has the faults it is told to have.

    target = PlainTarget(tmp_path)
    target.state.fault("apply", "lost")   # it makes the deployment, and its answer never comes

A release with a file `status.txt` answers with that status; `plain_sites` serves its addresses on a real socket.
"""

import json
import time
from pathlib import Path
from typing import Any

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
from miosa.testing.plain_state import PlainState

ALL = 100
WITHOUT_TRAFFIC = ("building", "releasing")


class PlainTarget:
    """What it holds: services by name, deployments by id. The key of a deployment is its id."""

    name = "plain"

    def __init__(self, folder: Path) -> None:
        self.state = PlainState(folder)

    def unavailable(self, tenant_id: str) -> str | None:
        missing: str | None = self.state.read()["missing"]
        return missing

    def capabilities(self) -> Capabilities:
        can: dict[str, bool] = self.state.read()["can"]
        return Capabilities(kinds=frozenset(Kind), uploads=True, **can)

    def plan(self, spec: Spec) -> tuple[Step, ...]:
        if spec.recipe.runtime == "refused":
            raise TargetRefused("scripted: this runtime is not taken")
        known = spec.place.name in self.state.read()["services"]
        return (
            Step("keep" if known else "create", "service", spec.place.name),
            Step("create", "deployment", spec.release),
        )

    def apply(self, spec: Spec, *, key: str) -> DeployRef:
        with self.state.call("apply", key) as known:
            return self._made(known, spec, key)

    def find(self, place: Place, *, key: str) -> DeployRef | None:
        with self.state.call("find", key) as known:
            return DeployRef(place, key) if key in known["deployments"] else None

    def status(self, ref: DeployRef) -> Status:
        with self.state.call("status", ref.deployment_id) as known:
            row = _row(known, ref)
            service = known["services"][row["service"]]
            if row["phase"] == "building":
                row["looks"] -= 1
                if row["looks"] < 0:
                    _built(known, row, service, ref.deployment_id)
            return _status(known, row, service, ref.deployment_id)

    def promote(self, ref: DeployRef, *, percent: int = ALL) -> None:
        with self.state.call("promote", f"{ref.deployment_id} {percent}") as known:
            row = _row(known, ref)
            service = known["services"][row["service"]]
            if known["can"]["candidate"]:
                service["shares"] = {service["live"]: ALL - percent, ref.deployment_id: percent}
            if percent == ALL:
                service["live"], service["shares"] = ref.deployment_id, {}
                row["phase"] = "live"

    def logs(self, ref: DeployRef, cursor: str = "") -> LogPage:
        with self.state.call("logs", ref.deployment_id) as known:
            lines = _row(known, ref)["log"]
            after = int(cursor or 0)
            page = tuple(LogLine(at, "build", text) for at, text in lines[after:])
            return LogPage(page, str(len(lines)))

    def cancel(self, ref: DeployRef) -> None:
        with self.state.call("cancel", ref.deployment_id) as known:
            row = _row(known, ref)
            if row["phase"] in WITHOUT_TRAFFIC:
                row["phase"] = "canceled"

    def rollback(self, ref: DeployRef, spec: Spec, *, key: str) -> DeployRef:
        with self.state.call("rollback", key) as known:
            _row(known, ref)
            made = self._made(known, spec, key)
            row = _row(known, made)
            _built(known, row, known["services"][row["service"]], key)  # nothing has to be built anew
            return made

    def variables(self, place: Place, values: Any) -> None:
        with self.state.call("variables", place.name) as known:
            known["services"][place.name]["variables"] = dict(values)

    def domains(self, place: Place, names: tuple[str, ...]) -> tuple[Domain, ...]:
        with self.state.call("domains", place.name):
            return tuple(
                Domain(name, verified=False, record=f"CNAME {place.name}.plain.example") for name in names
            )

    def configure(self, place: Place) -> None:
        with self.state.call("configure", json.dumps(dict(place.settings), sort_keys=True)):
            pass

    def suspend(self, place: Place) -> None:
        with self.state.call("suspend", place.name) as known:
            _service(known, place)["state"] = "suspended"

    def resume(self, place: Place) -> None:
        with self.state.call("resume", place.name) as known:
            _service(known, place)["state"] = "active"

    def destroy(self, place: Place) -> None:
        with self.state.call("destroy", place.name) as known:
            known["services"].pop(place.name, None)
            known["deployments"] = {
                key: row for key, row in known["deployments"].items() if row["service"] != place.name
            }

    def inventory(self) -> tuple[Place, ...]:
        """Return what it holds."""
        services: dict[str, Any] = self.state.read()["services"]
        return tuple(
            Place(row["tenant"], row["id"], name, external_id=name) for name, row in services.items()
        )

    def _made(self, known: dict[str, Any], spec: Spec, key: str) -> DeployRef:
        fresh = {
            "live": "", "shares": {}, "state": "active", "tenant": spec.place.tenant_id, "id": spec.place.service_id,
            "variables": dict(spec.variables),
        }  # fmt: skip
        known["services"].setdefault(spec.place.name, fresh)
        if key not in known["deployments"]:
            status = int(spec.bundle.read("status.txt")) if "status.txt" in spec.bundle.paths() else 200
            log = [[time.time(), f"building release {spec.release}"]]
            log += [[time.time(), f"{name}={value}"] for name, value in spec.variables.items()]
            known["deployments"][key] = {
                "service": spec.place.name, "phase": "building", "looks": known["build_looks"], "answers": status,
                "log": log, "release": spec.release,
            }  # fmt: skip
        place = Place(**{**_fields(spec.place), "external_id": spec.place.name})
        return DeployRef(place, key, {"made": "plainly"})


def _fields(place: Place) -> dict[str, Any]:
    return {name: getattr(place, name) for name in place.__dataclass_fields__}


def _row(known: dict[str, Any], ref: DeployRef) -> dict[str, Any]:
    if ref.deployment_id not in known["deployments"]:
        raise TargetLost(f"there is no deployment {ref.deployment_id}")
    row: dict[str, Any] = known["deployments"][ref.deployment_id]
    return row


def _service(known: dict[str, Any], place: Place) -> dict[str, Any]:
    if place.name not in known["services"]:
        raise TargetLost(f"there is no service {place.name}")
    row: dict[str, Any] = known["services"][place.name]
    return row


def _built(known: dict[str, Any], row: dict[str, Any], service: dict[str, Any], key: str) -> None:
    row["phase"] = "releasing"
    if not known["can"]["candidate"]:  # it gives the traffic by itself
        row["phase"], service["live"] = "live", key


def _status(known: dict[str, Any], row: dict[str, Any], service: dict[str, Any], key: str) -> Status:
    share = ALL if service["live"] == key else service["shares"].get(key, 0)
    return Status(
        phase=Phase(row["phase"]),
        detail="the build failed" if row["phase"] == "failed" else "",
        url=f"{known['address']}/public/{row['service']}",
        candidate_url=f"{known['address']}/own/{key}" if known["can"]["candidate"] else "",
        traffic_percent=share,
        retry_after_s=0.05,
    )
