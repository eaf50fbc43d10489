"""What the plain target keeps: one JSON file that several processes change in turn, and the faults it is told to have."""

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.targets.errors import TargetBusy, TargetError, TargetLost, TargetRefused, TargetUnavailable

EMPTY: dict[str, Any] = {
    "services": {},
    "deployments": {},
    "calls": [],
    "faults": [],
    "build_looks": 0,
    "can": {
        "candidate": True,
        "canary": True,
        "rollback": True,
        "logs": True,
        "suspend": True,
        "domains": True,
    },
    "missing": None,
    "address": "",
}
FAULTS: dict[str, type[TargetError]] = {
    "busy": TargetBusy,
    "gone": TargetLost,
    "refused": TargetRefused,
    "unavailable": TargetUnavailable,
    "lost": TargetUnavailable,  # after it took effect
}


@dataclass(frozen=True)
class PlainState:
    """A folder with the state. Every change is one step: done whole or not at all."""

    folder: Path

    @contextmanager
    def changing(self) -> Iterator[dict[str, Any]]:
        """Yield the state for reading and writing, to this process alone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = self.read()
            yield known
            fresh = self.folder / "state.new"
            fresh.write_text(json.dumps(known))
            fresh.replace(self.folder / "state.json")

    def read(self) -> dict[str, Any]:
        """Return the state as it is."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        except FileNotFoundError:
            found = json.loads(json.dumps(EMPTY))
        return found

    def set(self, **values: Any) -> None:
        """Change how the target behaves."""
        with self.changing() as known:
            known.update(values)

    def fault(self, method: str, kind: str, *, times: int = 1) -> None:
        """Let the next calls of a method go wrong: a kind of FAULTS, or `die_before` and `die_after` (SIGKILL)."""
        with self.changing() as known:
            known["faults"] += [[method, kind]] * times

    def answers(self, deployment: str, status: int) -> None:
        """Let a deployment's site answer with another status from now on."""
        with self.changing() as known:
            known["deployments"][deployment]["answers"] = status

    @contextmanager
    def call(self, method: str, told: str) -> Iterator[dict[str, Any]]:
        """Be one call of the target: what is changed inside stays, even where the caller is never told."""
        with self.changing() as known:
            kind = _next_fault(known, method)
            known["calls"].append([method, told])
        if kind == "die_before":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind and kind in FAULTS and kind != "lost":
            raise FAULTS[kind](f"scripted: {method} is {kind}")
        with self.changing() as known:
            yield known
        if kind == "die_after":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "lost":
            raise TargetUnavailable(f"scripted: the answer to {method} was lost")


def _next_fault(known: dict[str, Any], method: str) -> str:
    for index, (name, kind) in enumerate(known["faults"]):
        if name == method:
            del known["faults"][index]
            return str(kind)
    return ""
