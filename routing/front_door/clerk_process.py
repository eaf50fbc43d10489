"""The clerk as a process of its own beside the web server, so that posting takes no time from those who answer."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from miosa.embedded import processes

STOP_WITHIN_S = 20.0
_running: list[subprocess.Popen[bytes]] = []
_lock = threading.Lock()


def begin(folder: Path) -> None:
    """Start it, or start it again where it has ended. It ends with this process; the next one reads on."""
    with _lock:
        if _running and not processes.has_ended(_running[0]):
            return
        _running.clear()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        root = Path(__file__).resolve().parents[2]
        command = (sys.executable, str(root / "manage.py"), "gateway", "clerk", "--folder", str(folder))
        launch = processes.Launch(command, root, dict(os.environ), death_signal=signal.SIGTERM)
        with (folder / "clerk.log").open("ab") as log:
            _running.append(processes.start(launch, log))


def end() -> None:
    """Let it read to the end, and wait for that."""
    with _lock:
        if _running:
            processes.end(_running.pop(), signal.SIGTERM, grace_s=STOP_WITHIN_S)
