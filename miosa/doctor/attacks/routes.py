"""Every route with the victim's ids in its path, its query and its body: the answer is the one for what is not there."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from miosa.doctor.attack import Attack, Found, Ground, Missed
from miosa.doctor.bodies import Schema, bodies, demanded, document, queries
from miosa.doctor.checksum import checksum
from miosa.doctor.requests import Answered, Asked, answer, overheard
from miosa.doctor.route_map import SHUT, Route, Unknown, nobodys, query_of, routes, value
from miosa.http.pagination import SEPARATOR

SURFACE = "routes"
REFUSED, NO_CREDENTIAL, NOT_FOUND, SERVER_ERROR = 400, 401, 404, 500


@dataclass(frozen=True, slots=True)
class Door:
    """A method of a route: its path with the victim's values, and with values that lead to nothing."""

    route: Route
    method: str
    path: str
    nowhere: str
    bodies: tuple[tuple[str, Any], ...]

    @property
    def plain(self) -> Any:
        """The body that the document asks for."""
        return dict(self.bodies).get("a plain body")

    @property
    def target(self) -> str:
        """How the report names it."""
        return f"{self.method} {self.route.path}"


def attacks(ground: Ground) -> Found:
    """Attack each method of each route with the second tenant's credential."""
    schema = document()
    for route in routes():
        try:
            path = route.filled({name: value(name, ground.victim) for name in route.names})
            nowhere = route.filled({name: nobodys(name, ground.victim) for name in route.names})
        except Unknown as unknown:
            yield Missed(SURFACE, route.path, str(unknown))
            continue
        for method in route.methods:
            said = tuple(bodies(route, method, schema, ground.victim))
            query = query_of(demanded(route, method, schema), ground.victim)
            end = f"?{query}" if query else ""
            door = Door(route, method, path + end, nowhere + end, said)
            yield from _scope(door)
            yield from _by_id(ground, door) if route.rows else _at_large(ground, schema, door)
    # What an answer stored past its own transaction is in none that was looked at.
    after = checksum(ground)
    yield Attack(
        SURFACE, "every route", "the victim's rows are what they were", after != ground.checksum, "checksum"
    )


def _scope(door: Door) -> Found:
    """A view of the API says which scope each method takes, or that it takes none."""
    view = door.route.view
    if view is not None and not door.route.same_for_all and door.path.startswith("/api/"):
        named = getattr(view, "public", False) or door.method in getattr(view, "required_scopes", {})
        yield Attack(SURFACE, door.target, "names its scope", not named, "" if named else "it names no scope")


def _by_id(ground: Ground, door: Door) -> Found:
    """A path that names the victim's row: nothing is told, nothing changed, and no difference to nobody's id."""
    plain = Asked(door.method, door.path, door.plain)
    own = answer(plain, ground, authorization=ground.victim.authorization, look=False)
    shut = own.status in {NOT_FOUND, NO_CREDENTIAL}
    if shut and door.route.name not in SHUT and not getattr(door.route.view, "public", False):
        yield Missed(SURFACE, door.target, f"its own tenant is answered {own.status} too")
    for name, body in door.bodies:
        asked = Asked(door.method, door.path, body)
        got = answer(asked, ground, authorization=ground.attacker.authorization)
        other = Asked(door.method, door.nowhere, body)
        same = answer(other, ground, authorization=ground.attacker.authorization, look=False)
        what = f"the victim's id{', ' if name else ''}{name}"
        leaks = [f"answered {got.status}"] if got.status < REFUSED and not door.route.chosen else []
        if got.status != same.status:
            leaks = [f"answered {got.status}, and {same.status} for nobody's id"]
        yield _judged(ground, asked, got, Words(door.target, what, tuple(leaks)))
    got = answer(plain, ground)
    leaks = [f"answered {got.status}"] if got.status < REFUSED else []
    yield _judged(ground, plain, got, Words(door.target, "without a credential", tuple(leaks)))


def _at_large(ground: Ground, schema: Schema, door: Door) -> Found:
    """A path that names nobody's row: whatever is asked for, the answer holds nothing of the victim's."""
    plain = Asked(door.method, door.path)
    if (
        door.route.view is None or door.route.same_for_all
    ):  # a probe, a redirection, the document: they keep nothing
        got = overheard(plain, authorization=ground.attacker.authorization)
        yield _judged(ground, plain, got, Words(door.target, "as it is"))
        return
    for name, asked in _asked(ground, schema, door):
        look = (
            door.method != "GET" or asked.path == door.path
        )  # a query changes what is shown, not what is done
        got = answer(asked, ground, authorization=ground.attacker.authorization, look=look)
        yield _judged(ground, asked, got, Words(door.target, name or "as it is"))
    yield _judged(ground, plain, answer(plain, ground), Words(door.target, "without a credential"))


def _asked(ground: Ground, schema: Schema, door: Door) -> Iterator[tuple[str, Asked]]:
    if door.method != "GET":
        for name, body in door.bodies:
            yield name, Asked(door.method, door.path, body)
        return
    for name, query in queries(door.route, schema, ground.victim):
        yield name, Asked("GET", f"{door.path}?{urlencode(query)}" if query else door.path)
    yield "limit=200", Asked("GET", f"{door.path}?limit=200")
    row = next(iter(ground.victim.rows.values()))
    yield "the victim's cursor", Asked("GET", f"{door.path}?{urlencode({'cursor': _cursor(row)})}")


def _cursor(row: Any) -> str:
    """A page that begins where the victim's own row stands."""
    text = f"9999-01-01T00:00:00+00:00{SEPARATOR}{row.pk}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Words:
    """What the report says of an attack; `leaks` are those that the status alone has shown."""

    target: str
    name: str
    leaks: tuple[str, ...] = ()


def _judged(ground: Ground, asked: Asked, got: Answered, words: Words) -> Attack | Missed:
    if got.status == SERVER_ERROR:
        return Missed(SURFACE, words.target, f"{words.name}: answered {got.status}")
    told = ground.told(f"{got.text} {dict(got.headers)}", sent=asked.sent(ground))
    leaks = [*words.leaks, *(f"tells {mark}" for mark in told)]
    leaks += ["changes the victim's rows"] if got.changed else []
    return Attack(
        SURFACE, words.target, words.name, bool(leaks), "; ".join(leaks) or f"answered {got.status}"
    )
