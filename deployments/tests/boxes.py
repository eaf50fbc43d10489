"""Where boxes cannot be opened their tests are skipped, with the reason."""

import shutil
import subprocess

import pytest


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
