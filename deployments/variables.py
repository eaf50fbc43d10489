"""Variables of a project's environments, sealed in the vault as `environment/<project>/<environment>/<NAME>`.

A value is set and unset, and read by what deploys; nobody is shown it again. The vault keeps the audit.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from deployments.models import Project
from miosa.http.problem import Conflict, NotFound, Unprocessable, invalid
from tenants import vault
from tenants.models import StoredSecret

ALL = "all"
ENVIRONMENTS = (ALL, "preview", "staging", "production")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
MOST_VARIABLES = 100  # of one project
MOST_VALUE = 16_384  # bytes; together they are the environment of a process
# What whoever runs the program sets himself, or what would make the program another one.
TAKEN = re.compile(
    r"(?:PORT|HOME|PATH|PWD|SHELL|USER|LD_.*|DYLD_.*|PYTHON(?:PATH|HOME|STARTUP)|NODE_OPTIONS|BASH_ENV|ENV)"
)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable without its value."""

    environment: str
    name: str
    updated: datetime


def put(project: Project, values: Mapping[str, str], *, environment: str = ALL, actor: str = "") -> None:
    """Set variables of one environment, or of all. Raises Unprocessable, Conflict where there are too many."""
    _refuse(environment, values)
    known = {(one.environment, one.name) for one in listed(project)}
    if len(known | {(environment, name) for name in values}) > MOST_VARIABLES:
        raise Conflict(f"A project has at most {MOST_VARIABLES} variables.")
    for name, value in values.items():
        vault.put(_place(project, environment, name), value, actor=actor)


def forget(project: Project, name: str, *, environment: str = ALL, actor: str = "") -> None:
    """Unset one. Raises NotFound."""
    if environment not in ENVIRONMENTS or not NAME.fullmatch(name):
        raise NotFound("There is no variable of this name.")
    try:
        vault.forget(_place(project, environment, name), actor=actor)
    except NotFound:
        raise NotFound("There is no variable of this name.") from None


def listed(project: Project) -> list[Variable]:
    """Return the variables of all environments, without values."""
    begin = _place(project)
    rows = StoredSecret.objects.filter(name__startswith=begin).order_by("name").values_list("name", "updated")
    return [
        Variable(*name.removeprefix(begin).split("/", 1), updated)  # type: ignore[call-arg]
        for name, updated in rows
    ]


def variables_of(project: Project, environment: str) -> dict[str, str]:
    """Return what a program of this environment is given: its own values over those for all. Raises CannotOpen."""
    found: dict[str, str] = {}
    for layer in (ALL, environment):
        for one in listed(project):
            value = vault.read(_place(project, layer, one.name)) if one.environment == layer else None
            if value is not None:
                found[one.name] = value.decode()
    return found


def _place(project: Project, *parts: str) -> str:
    return "/".join(("environment", project.pk.hex, *parts, *(() if parts else ("",))))


def _refuse(environment: str, values: Mapping[str, str]) -> None:
    if environment not in ENVIRONMENTS:
        raise Unprocessable(errors=[invalid(f"is one of {', '.join(ENVIRONMENTS)}", "environment")])
    if errors := list(_faults(values)):
        raise Unprocessable(errors=errors)


def _faults(values: Mapping[str, str]) -> Iterable[dict[str, str]]:
    if not values:
        yield invalid("names no variable", "values")
    for name, value in values.items():
        if not NAME.fullmatch(name):
            yield invalid("begins with a letter and has up to 60 letters, digits and _", "values", name)
        elif TAKEN.fullmatch(name.upper()):
            yield invalid("is set by what runs the program", "values", name)
        elif not 0 < len(value.encode()) <= MOST_VALUE or "\0" in value:
            yield invalid(f"has 1 to {MOST_VALUE:,} bytes and no NUL", "values", name)
