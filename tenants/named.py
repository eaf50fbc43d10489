"""Who did something, in words for staff: rows keep ids, people read names."""

from collections.abc import Collection
from uuid import UUID

from tenants.models import ApiKey, User

PEOPLE, KEY, AGENT = ("user", "staff"), "key", "agent"
OWN = {"system": "MIOSA itself"}


def named(actor: str) -> str:
    """Return the name of one actor."""
    return names_of({actor})[actor]


def names_of(actors: Collection[str]) -> dict[str, str]:
    """Return names by actors such as `staff:<id>`: an e-mail address, a key's name, an agent; two queries at the most.

    Asked by the platform, which sees people and keys of all tenants. Whoever is there no more keeps the id for a name.
    """
    ids = {actor: actor.partition(":") for actor in actors}
    people = {pk for kind, _, rest in ids.values() if kind in PEOPLE and (pk := _uuid(rest))}
    keys = {pk for kind, _, rest in ids.values() if kind == KEY and (pk := _uuid(rest))}
    emails = {str(pk): email for pk, email in _rows(User, people, "email")}
    called = {str(pk): f"the key {name}" for pk, name in _rows(ApiKey, keys, "name")}
    return {
        actor: (emails if kind in PEOPLE else called).get(rest)
        or (f"the agent {rest}" if kind == AGENT else OWN.get(actor, actor))
        for actor, (kind, _, rest) in ids.items()
    }


def _rows(model: type[User] | type[ApiKey], ids: Collection[UUID], name: str) -> list[tuple[UUID, str]]:
    return list(model.objects.filter(pk__in=ids).values_list("pk", name)) if ids else []


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
