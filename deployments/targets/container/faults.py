"""What cannot be written out, said so that its owner can change it; pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deployments.targets.container.names import (
    LABEL,
    MOST_OF_A_LABEL,
    REPOSITORY,
    VARIABLE,
    domain_fault,
    image_fault,
)
from deployments.targets.container.schedule import schedule_fault
from deployments.targets.container.sizes import NUMBERS, size_fault
from deployments.targets.contract import Kind, Recipe

RUNTIMES = ("static", "python", "node", "process")
MOST_OF_A_COMMAND = 16_000  # a builder reads lines of 64 KiB at the most
MOST_PORT = 65_535
_PATH = re.compile(r"^/[A-Za-z0-9._~!&()*+,;=:@%/?-]*$")  # nothing that a shell or a quoted program reads
_FOLDER = re.compile(r"^[A-Za-z0-9_@+.-]+(/[A-Za-z0-9_@+. -]+)*/?$")
_SETTING = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")


def first_fault(
    recipe: Recipe,
    *,
    paths: frozenset[str],
    settings: Mapping[str, Any],
    variables: tuple[str, ...],
    domains: tuple[str, ...],
) -> str:
    """Return the first fault, "" where everything can be written out."""
    found = (
        *_of_the_program(recipe, paths),
        *_of_the_files(recipe, paths),
        *_of_the_settings(settings),
        variables_fault(variables),
        *(domain_fault(name) for name in domains),
    )
    return next((fault for fault in found if fault), "")


def _of_the_program(recipe: Recipe, paths: frozenset[str]) -> Iterator[str]:
    yield _source_fault(recipe, paths)
    if recipe.runtime not in RUNTIMES:
        yield f"the runtime {recipe.runtime!r} is none of {', '.join(RUNTIMES)}"
    for name, command in (("build", recipe.build), ("start", recipe.start)):
        if len(command) > MOST_OF_A_COMMAND or "\0" in command:
            yield f"the {name} command is longer than {MOST_OF_A_COMMAND} characters or holds a NUL"
    if not 1 <= recipe.port <= MOST_PORT:
        yield f"the port {recipe.port} is not between 1 and {MOST_PORT}"
    if not _PATH.match(recipe.health_path):
        yield f"the health path {recipe.health_path!r} is no path like /health"
    if recipe.kind is Kind.CRON:
        yield schedule_fault(recipe.schedule)


def _source_fault(recipe: Recipe, paths: frozenset[str]) -> str:
    given = recipe.source.get("image", "")
    if given and recipe.kind is Kind.STATIC:
        return "an image runs as it is: choose the kind web instead of static for it"
    if given:
        return image_fault(given)
    if not paths:
        return "the release holds no files: add them to the project, or name an image as its source"
    files = recipe.kind in {Kind.STATIC, Kind.WEB, Kind.PRIVATE} and recipe.runtime == "static"
    needs_start = recipe.kind is not Kind.STATIC and not files
    return f"a {recipe.kind} needs a start command" if needs_start and not recipe.start else ""


def _of_the_files(recipe: Recipe, paths: frozenset[str]) -> Iterator[str]:
    folder = recipe.publish.strip().strip("/")
    if recipe.kind is not Kind.STATIC or folder in {"", "."}:
        return
    if not _FOLDER.match(folder) or ".." in folder.split("/"):
        yield f"the folder to publish {recipe.publish!r} is no plain path inside the project"
    elif not recipe.build and not any(path.startswith(f"{folder}/") for path in paths):
        yield f"nothing is in the folder to publish, {recipe.publish!r}, and no build command fills it"


def _of_the_settings(settings: Mapping[str, Any]) -> Iterator[str]:
    for key in NUMBERS:
        if key in settings:
            yield size_fault(key, settings[key])
    namespace = str(settings.get("namespace") or "")
    if namespace and (len(namespace) > MOST_OF_A_LABEL or not LABEL.match(namespace)):
        yield f"the namespace {namespace!r} is no name: letters a-z, digits and dashes"
    registry = str(settings.get("registry") or "").strip("/")
    if registry and not REPOSITORY.match(f"{registry}/app"):
        yield f"the registry {registry!r} is no address like registry.example.com/team"
    for key in ("ingress_class", "issuer"):
        value = str(settings.get(key) or "")
        if value and not _SETTING.match(value):
            yield f"the setting {key} {value!r} is no name of Kubernetes"


def variables_fault(names: tuple[str, ...]) -> str:
    """Say which variable cannot be one, "" where each can."""
    wrong = next((name for name in names if not VARIABLE.match(name)), "")
    if not wrong:
        return ""
    return f"the variable {wrong!r} has no name that every version of Kubernetes takes: letters, digits and _"
