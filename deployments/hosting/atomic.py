"""Files and links that are there whole or not at all, whenever the process is killed."""

import json
import os
from pathlib import Path
from typing import Any

PRIVATE = 0o600


def write_json(path: Path, value: Any) -> None:
    """Put a JSON file in the place of an older one."""
    draft = path.with_name(f".{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, separators=(",", ":"))
    draft.replace(path)


def point(link: Path, target: str) -> None:
    """Let a symbolic link point elsewhere: one rename, so that whoever follows it sees the old or the new."""
    draft = link.with_name(f".{link.name}.draft")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)
