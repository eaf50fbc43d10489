"""The shelf: packages for Python and Node that boxes may import, installed beside the product's own."""

import sys
from pathlib import Path


def shelf() -> Path | None:
    """Return the folder, None where none was made (`make venv` makes it)."""
    folder = Path(sys.prefix) / "box"
    return folder if folder.is_dir() else None
