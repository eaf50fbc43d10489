"""Check a shipping recipe: Dockerfile, compose file and CI workflow, parsed and compared with the artefacts."""

import json
import re
import shlex
from collections.abc import Collection
from typing import Any

import yaml

from agents.contract import Evidence
from agents.text.vocabulary import vocabulary
from agents.verifiers import weights
from agents.verifiers.finding import finding

_INSTRUCTIONS = vocabulary(
    "FROM RUN CMD LABEL EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL HEALTHCHECK SHELL"
)
_SECRET = re.compile(r"(?i)\b(?:password|secret|token|api_?key)\b\s*[:=]\s*[\"']?(?!\$|\s|$)[^\s\"']{6,}")


def dockerfile(text: str, *, artefacts: Collection[str]) -> tuple[Evidence, ...]:
    """Whether a Dockerfile parses, copies only what exists, pins its base and does not run as root."""
    rows, fault = dockerfile_rows(text)
    copied = {source for name, rest in rows if name in {"COPY", "ADD"} for source in _sources(rest)}
    strange = sorted(copied - set(artefacts) - {"."})
    base = next((rest for name, rest in rows if name == "FROM"), "")
    users = [rest for name, rest in rows if name == "USER"]
    pinned = re.search(r":(?!latest\b)[\w.\-]+|@sha256:", base) is not None
    sound = {
        "copies only what exists": not strange,
        "pins its base": pinned,
        "does not run as root": bool(users) and users[-1] not in {"root", "0"},
    }
    failed = [name for name, passed in sound.items() if not passed]
    return (
        finding("the Dockerfile parses", passed=not fault, weight=weights.RECIPE_PARSES, detail=fault),
        finding(
            "the Dockerfile is sound",
            passed=not failed,
            weight=weights.RECIPE_SOUND,
            detail=", ".join(failed) or "; ".join(sound),
        ),
    )


def dockerfile_rows(text: str) -> tuple[list[tuple[str, str]], str]:
    """Return the instructions in order and the first fault, "" where there is none."""
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    rows: list[tuple[str, str]] = []
    for line in joined.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, rest = line.strip().partition(" ")
        rows.append((name.upper(), rest.strip()))
    return rows, next(
        (fault for row in rows if (fault := _row_fault(row))),
        "" if rows and rows[0][0] in {"FROM", "ARG"} else "must begin with FROM",
    )


def _row_fault(row: tuple[str, str]) -> str:
    name, rest = row
    if name not in _INSTRUCTIONS:
        return f"unknown instruction {name}"
    if not rest:
        return f"{name} without a value"
    if rest.startswith("["):
        try:
            json.loads(rest)
        except ValueError:
            return f"{name} holds a broken list"
    return ""


def _sources(rest: str) -> list[str]:
    parts = [part for part in shlex.split(rest) if not part.startswith("--")]
    return parts[:-1]


def compose(text: str) -> Evidence:
    """Whether a compose file parses and each service has an image or a build."""
    document, fault = parsed_yaml(text)
    services = document.get("services") if isinstance(document, dict) else None
    if not fault and not (isinstance(services, dict) and services):
        fault = "has no services"
    bare = (
        [name for name, one in (services or {}).items() if not ({"image", "build"} & set(one or {}))]
        if not fault
        else []
    )
    fault = fault or (f"without image or build: {', '.join(bare)}" if bare else "")
    return finding("the compose file parses", passed=not fault, weight=weights.RECIPE_PARSES, detail=fault)


def workflow(text: str) -> Evidence:
    """Whether a CI workflow parses and each of its jobs has a runner and steps."""
    document, fault = parsed_yaml(text)
    jobs = document.get("jobs") if isinstance(document, dict) else None
    if not fault and not (isinstance(jobs, dict) and jobs):
        fault = "has no jobs"
    idle = (
        [name for name, job in (jobs or {}).items() if not (job.get("runs-on") and job.get("steps"))]
        if not fault
        else []
    )
    fault = fault or (f"jobs without runner or steps: {', '.join(idle)}" if idle else "")
    return finding("the CI workflow parses", passed=not fault, weight=weights.RECIPE_PARSES, detail=fault)


def parsed_yaml(text: str) -> tuple[Any, str]:
    """Return a YAML document and what is wrong with it, "" where it parses."""
    try:
        return yaml.safe_load(text), ""
    except yaml.YAMLError as error:
        return None, str(error).splitlines()[0]


def no_secret(text: str) -> Evidence:
    """Whether no password, token or key stands in the recipe in plain."""
    match = _SECRET.search(text)
    return finding(
        "holds no secret",
        passed=match is None,
        weight=weights.SAFE,
        detail=match[0].split("=")[0] if match else "",
    )
