"""Every way in by HTTP, as the URL conf has it, and the victim's values for the parameters of its paths."""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import URLPattern, URLResolver, get_resolver
from uuid_utils.compat import uuid7

from deployments.models import FileVersion, Project
from miosa.doctor.attack import Subject
from miosa.doctor.particular import VARIABLE
from tenants.models import Membership, StoredSecret

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
# The admin is the staff's: its own login, its own wall; a tenant's credential opens nothing there.
STAFFS = "admin/"

# Parameters that name no row of a tenant, or name it otherwise than by `<model>_id`.
PARTICULAR: Mapping[str, Callable[[Subject], Any]] = {
    "kind": lambda _subject: "communication",
    # The secret in it is stored nowhere: what can be known of an invitation is whose it would be.
    "token": lambda subject: f"miosa_i_{subject.tenant.pk.hex}_{secrets.token_urlsafe(32)}",
    "member_id": lambda subject: subject.rows[Membership].pk,
    "user_id": lambda subject: subject.person.pk,
    "name": lambda subject: subject.rows[StoredSecret].name,
    "tenant": lambda subject: subject.tenant.slug,
    "project": lambda subject: subject.rows[Project].slug,
    "model_id": lambda _subject: "openai/gpt-oss-20b",  # of the catalogue, which is the same for every tenant
}
EVERYBODYS = {"kind", "token", "model_id"}
# What a query has to name, by what the parameter is called there; the path says of whom.
ASKED: Mapping[str, Callable[[Subject], Any]] = {
    "path": lambda subject: subject.rows[FileVersion].path,
    "name": lambda _subject: VARIABLE,
}
# Open to everybody where the owner wants it, and shut for everybody, the owner too, as it is planted.
SHUT = {"status-page"}
CHOSEN = {"name", "tenant", "project"}  # by each tenant for itself: the victim's is free for everybody


class Unknown(Exception):  # noqa: N818  reads as what it says
    """Nobody knows what to put in the place of a parameter: name it in miosa.doctor.route_map."""


@dataclass(frozen=True, slots=True)
class Route:
    """One pattern; `names` are its parameters, those that lead to a tenant's rows in `rows`."""

    path: str
    name: str
    view: Any

    @property
    def names(self) -> list[str]:
        """The parameters in the path."""
        return [match[2] for match in PARAMETER.finditer(self.path)]

    @property
    def rows(self) -> list[str]:
        """The parameters that name a tenant's row."""
        return [name for name in self.names if name not in EVERYBODYS]

    @property
    def chosen(self) -> bool:
        """Whether the path ends in a name that each tenant may use for something of its own."""
        return bool(CHOSEN & set(self.names))

    @property
    def methods(self) -> list[str]:
        """What the view answers; a plain function may answer anything."""
        if self.view is None:
            return ["GET", "POST"]
        return [method for method in METHODS if hasattr(self.view, method.lower())]

    @property
    def same_for_all(self) -> bool:
        """Whether it is the API's own document, made from code alone, and slowly."""
        return str(getattr(self.view, "__module__", "")).startswith("drf_spectacular")

    @property
    def template(self) -> str:
        """The path as the OpenAPI document writes it."""
        return PARAMETER.sub(r"{\2}", self.path)

    def filled(self, values: Mapping[str, Any]) -> str:
        """Return the path with a value in the place of each parameter."""
        return PARAMETER.sub(lambda match: str(values[match[2]]), self.path)


def routes(patterns: Any = None, prefix: str = "") -> Iterator[Route]:
    """Every pattern of the URL conf, except the staff's."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if path.startswith(STAFFS):
            continue
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield Route(f"/{path}", pattern.name or path, getattr(pattern.callback, "cls", None))


def value(name: str, subject: Subject) -> Any:
    """Return what a parameter or member called `name` is, of this subject; raises Unknown."""
    if name in PARTICULAR:
        try:
            return PARTICULAR[name](subject)
        except LookupError:
            raise Unknown(f"the victim has no row for the parameter {name}") from None
    if not name.endswith("_id"):
        raise Unknown(f"unknown parameter {name}")
    model = name.removesuffix("_id").replace("_", "")
    for exact in (True, False):
        for one, row in subject.rows.items():
            known = one._meta.model_name or ""
            if known == model or (not exact and known.endswith(model)):
                return row.pk
    raise Unknown(f"unknown parameter {name}")


def query_of(names: Iterable[str], subject: Subject) -> str:
    """Return the query that an address cannot do without, with this subject's values; empty where it can."""
    return urlencode({name: ASKED[name](subject) for name in names if name in ASKED})


def nobodys(name: str, subject: Subject) -> Any:
    """Return a value of the same kind that leads to nothing."""
    if name in EVERYBODYS:
        return value(name, subject)
    return f"{value(name, subject)}-{secrets.token_hex(4)}" if name in CHOSEN else uuid7()
