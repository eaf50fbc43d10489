"""The templates of sites: data files in agents/templates, put together and filled with what a request asks for.

Nothing of a request enters a template's code: it is read from site.json, and shown by what escapes it.
A file whose name ends in ".in" loses the ending, so that tools which look for Python leave templates alone.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from agents.text.page import static_page

FOLDER = Path(__file__).resolve().parent.parent / "templates"
NAMES = ("static", "flask", "fastapi", "django", "node")
MANIFEST = "template.toml"


@dataclass(frozen=True)
class Template:
    """One kind of site: its files by path, how it is tested and started, and what it can hold."""

    name: str
    says: str
    files: Mapping[str, str]
    kind: str
    runtime: str
    test: str
    start: str
    publish: str
    health: str
    packages: tuple[str, ...]

    def recipe(self) -> dict[str, Any]:
        """Return how a release of it is built, started and checked, as projects keep it."""
        return {
            "kind": self.kind,
            "runtime": self.runtime,
            "build": "",
            "start": self.start,
            "publish": self.publish,
            "health_path": self.health,
        }


@cache
def template(name: str) -> Template:
    """Return a template; raises KeyError for an unknown name."""
    if name not in NAMES:
        raise KeyError(name)
    told = tomllib.loads((FOLDER / name / MANIFEST).read_text(encoding="utf-8"))
    files: dict[str, str] = {}
    for folder in ("shared", *told["folders"]):
        files |= _read(FOLDER / folder)
    placed = {told["places"].get(path, path): text for path, text in files.items()}
    kept = {path: text for path, text in placed.items() if path not in told.get("leaves", ())}
    return Template(
        name=name,
        says=told["says"],
        files=kept,
        kind=told["kind"],
        runtime=told["runtime"],
        test=told["test"],
        start=told.get("start", ""),
        publish=told.get("publish", ""),
        health=told["health"],
        packages=tuple(told["packages"]),
    )


def _read(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix().removesuffix(".in"): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def filled(template: Template, site: Mapping[str, Any], *, beside: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a site; `beside` are modules of its own, such as a function and its test."""
    files = {**template.files, "site.json": json.dumps(site, ensure_ascii=False, indent=2) + "\n"}
    if template.kind == "static":
        files[f"{template.publish}/index.html"] = static_page(site)
    if template.packages:
        files["requirements.txt"] = "\n".join(template.packages) + "\n"
    return {**files, **beside}
