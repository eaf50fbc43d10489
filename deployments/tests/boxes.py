"""Boxes for tests: where they cannot be opened, and boxes opened by another user than the one who tests."""

import dataclasses
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from deployments import sandboxes
from deployments.sandboxes.contract import NO_FILES, SandboxRun

PLAIN_USER = "60577"  # exists nowhere and owns nothing
DRIVER = """
import dataclasses, json, sys
from deployments.sandboxes.bubblewrap import Bubblewrap
print(json.dumps(dataclasses.asdict(Bubblewrap().run(**json.load(sys.stdin)))))
"""


def _missing() -> str:
    """Why this machine opens no box at all, whatever our profile is; empty when it does."""
    binary = shutil.which("bwrap")
    if not binary:
        return "bubblewrap is not installed"
    trial = subprocess.run(
        [binary, "--ro-bind", "/", "/", "--unshare-pid", "true"], capture_output=True, check=False
    )
    return f"bubblewrap does not work here: {trial.stderr.decode().strip()}" if trial.returncode else ""


WHY_NOT = _missing()
needs_boxes = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "boxes open")


@dataclasses.dataclass(frozen=True)
class PlainUsersBoxes:
    """Boxes opened by an ordinary user, from a copy of the package which that user can read."""

    folder: Path

    def run(self, code: str, *, files: Mapping[str, str] = NO_FILES, timeout_s: float = 10) -> SandboxRun:
        ids = [f"--reuid={PLAIN_USER}", f"--regid={PLAIN_USER}", "--clear-groups", "--inh-caps=-all"]
        driver = ["/usr/bin/python3", "-c", DRIVER]
        asked = json.dumps({"code": code, "files": dict(files), "timeout_s": timeout_s})
        environment = {"PYTHONPATH": str(self.folder), "PATH": "/usr/bin:/bin"} | {
            name: value for name, value in os.environ.items() if name == "GROQ_API_KEY"
        }
        done = subprocess.run(
            ["setpriv", *ids, *driver],
            input=asked,
            capture_output=True,
            text=True,
            cwd="/",
            env=environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return SandboxRun(**json.loads(done.stdout))


@contextmanager
def plain_users_boxes() -> Iterator[PlainUsersBoxes]:
    """Needs root, to become somebody else; whoever is not root tests that variant anyway."""
    if os.geteuid() != 0:
        pytest.skip("not root: these tests run as an ordinary user already")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(Path(sandboxes.__file__).parent, folder / "deployments" / "sandboxes")
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield PlainUsersBoxes(folder)
