"""How a project is built, started and checked: read from JSON strictly, or guessed from its files; pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from deployments.targets.contract import Kind, Recipe
from miosa.http.problem import Unprocessable, invalid

RUNTIMES = ("static", "python", "node", "process")
MOST_COMMAND = 2_000
MOST_TEXT = 400
MOST_DEADLINE_S = 900
SOURCES = {"git", "branch", "tag", "commit", "image", "root"}
CRON = re.compile(r"[\d*/,\-A-Za-z]+( [\d*/,\-A-Za-z]+){4}")
IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:@-]{0,254}")
STATUS = range(100, 600)
PORTS = range(1024, 65_536)


class RecipeRefused(Unprocessable):
    """The recipe is not valid; `errors` names each member and why."""


def recipe(data: Mapping[str, Any]) -> Recipe:
    """Return the recipe that JSON tells; members left out have the contract's defaults. Raises RecipeRefused."""
    faults = dict(_faults(data))
    if faults:
        raise RecipeRefused(
            "The recipe is not valid.",
            errors=[invalid(words, "recipe", name) for name, words in faults.items()],
        )
    found = Recipe(**{**data, "kind": Kind(data.get("kind", Kind.STATIC))})
    if fault := _fault_of_all(found):
        raise RecipeRefused("The recipe is not valid.", errors=[invalid(fault[1], "recipe", fault[0])])
    return found


def as_data(found: Recipe) -> dict[str, Any]:
    """Return a recipe as JSON, every member said: the same recipe is the same JSON."""
    members = {one.name: getattr(found, one.name) for one in fields(found)}
    return {
        **members,
        "kind": str(found.kind),
        "source": dict(found.source),
        "health_deadline_s": float(found.health_deadline_s),
    }


def _faults(data: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in data.items():
        check = CHECKS.get(name)
        words = check(value) if check else "is not a member of a recipe"
        if words:
            yield name, words


def _one_of(values: Iterable[str]) -> Callable[[Any], str]:
    names = tuple(values)
    return lambda value: "" if value in names else f"is one of {', '.join(names)}"


def _whole(allowed: range) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        fits = isinstance(value, int) and not isinstance(value, bool) and value in allowed
        return "" if fits else f"is a whole number from {allowed.start} to {allowed.stop - 1}"

    return check


def _text(most: int, fault: Callable[[str], str] = lambda _text: "") -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if (
            not isinstance(value, str)
            or len(value) > most
            or not (value.isprintable() or most == MOST_COMMAND)
        ):
            return f"is a text of at most {most} characters"
        if "\0" in value:
            return "must not hold NUL"
        return fault(value)

    return check


def _folder(value: str) -> str:
    inside = not value.startswith("/") and ".." not in value.split("/") and "\\" not in value
    return "" if inside else "is a folder inside the project, like dist"


def _path(value: str) -> str:
    fits = value.startswith("/") and not value.startswith("//") and " " not in value and value.isascii()
    return "" if fits else "is a path of the address, like /healthz"


def _schedule(value: str) -> str:
    return "" if not value or CRON.fullmatch(value) else "has five fields, like 0 3 * * *"


def _deadline(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return (
        ""
        if number and 1 <= value <= MOST_DEADLINE_S
        else f"is a number of seconds from 1 to {MOST_DEADLINE_S}"
    )


def _source(value: Any) -> str:
    if not isinstance(value, Mapping) or not all(
        isinstance(one, str) and len(one) <= MOST_TEXT for one in value.values()
    ):
        return "is an object of short texts"
    if unknown := set(value) - SOURCES:
        return f"has no member {min(unknown)}"
    if {"git", "image"} <= set(value):
        return "names either git or an image"
    if "git" in value and not _https(value["git"]):
        return "git is an https:// address without a user name or password in it"
    if "image" in value and not IMAGE.fullmatch(value["image"]):
        return "image is a name like registry.example/shop:1.2"
    return ""


def _https(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return (
            parts.scheme == "https"
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and address.isprintable()
        )
    except ValueError:
        return False


CHECKS: Mapping[str, Callable[[Any], str]] = {
    "kind": _one_of(Kind),
    "runtime": _one_of(RUNTIMES),
    "build": _text(MOST_COMMAND),
    "start": _text(MOST_COMMAND),
    "publish": _text(MOST_TEXT, _folder),
    "port": _whole(PORTS),
    "schedule": _text(80, _schedule),
    "health_path": _text(MOST_TEXT, _path),
    "health_status": _whole(STATUS),
    "health_body": _text(MOST_TEXT),
    "health_deadline_s": _deadline,
    "source": _source,
}


def _fault_of_all(found: Recipe) -> tuple[str, str] | None:
    """Return which member does not go with the others, and why."""
    ready = "image" in found.source
    rules = (
        (
            found.kind is Kind.STATIC and found.runtime == "static" and found.start,
            "start",
            "a static site starts nothing",
        ),
        (
            found.kind is not Kind.STATIC and not found.start and not ready,
            "start",
            "a program needs a command to start",
        ),
        (
            found.kind is not Kind.STATIC and found.runtime == "static",
            "runtime",
            "a program runs in python, node or process",
        ),
        (
            found.kind is Kind.CRON and not found.schedule,
            "schedule",
            "what runs by the clock needs a schedule",
        ),
        (found.kind is not Kind.CRON and found.schedule, "schedule", "only the kind cron has one"),
        (found.publish and found.kind is not Kind.STATIC, "publish", "only the kind static has one"),
    )
    return next(((name, words) for wrong, name, words in rules if wrong), None)
