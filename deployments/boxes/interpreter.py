"""Which Python a box runs, and the least of the host that must be visible for it."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

SYSTEM_PYTHON = "/usr/bin/python3"
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"  # that the shelf was made for
LOCAL = "/usr/local"
INSIDE = "/opt/python"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A path inside the box, the bubblewrap arguments that make it visible, and variables it needs."""

    path: str
    mounts: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


def interpreter(system: str = SYSTEM_PYTHON) -> Interpreter | None:
    """The system's Python, else the library of the one running this; None where neither can be shown safely."""
    real = Path(system).resolve()
    in_usr = real.is_relative_to("/usr") and not real.is_relative_to(LOCAL)
    if in_usr and real.name == VERSION and os.access(real, os.X_OK):
        return Interpreter(str(real), hidden(LOCAL))
    return _own()


def _own() -> Interpreter | None:
    """The Python that runs this, without its installed packages, at another place: paths tell of homes."""
    prefix, binary = Path(sys.base_prefix).resolve(), Path(sys.executable).resolve()
    library = prefix / "lib" / VERSION
    if not ((library / "os.py").is_file() and binary.is_relative_to(prefix)):
        return None
    packages = f"{INSIDE}/lib/{VERSION}/site-packages"
    mounts = (
        *hidden(LOCAL),
        # Made by hand: folders that bubblewrap makes on the way to a file are closed to other users.
        *folders("/opt", INSIDE, f"{INSIDE}/bin", f"{INSIDE}/lib"),
        *("--ro-bind", str(binary), f"{INSIDE}/bin/{VERSION}"),
        *("--ro-bind", str(library), f"{INSIDE}/lib/{VERSION}"),
        *(part for shared in sorted((prefix / "lib").glob("libpython*")) for part in _shared(shared)),
        *(_covered(packages) if (library / "site-packages").is_dir() else ()),
    )
    environment = (("LD_LIBRARY_PATH", f"{INSIDE}/lib"),)
    return Interpreter(f"{INSIDE}/bin/{VERSION}", mounts, environment)


def hidden(folder: str) -> tuple[str, ...]:
    """An empty, read-only folder in place of this one of the host, where the host has it."""
    return _covered(folder) if Path(folder).is_dir() else ()


def folders(*names: str) -> tuple[str, ...]:
    """Folders that everybody may enter."""
    return tuple(part for name in names for part in ("--perms", "0755", "--dir", name))


def _covered(folder: str) -> tuple[str, ...]:
    return ("--tmpfs", folder, "--remount-ro", folder)


def _shared(library: Path) -> tuple[str, ...]:
    return ("--ro-bind", str(library), f"{INSIDE}/lib/{library.name}") if library.is_file() else ()
