"""What an attack is given, and what it tells."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Model

from tenants.models import Tenant, User
from tenants.owned import TenantOwned

POOL, SILO = "pool", "silo"
PLACES = (POOL, SILO)


@dataclass(frozen=True, slots=True)
class Attack:
    """One attempt to reach what belongs to another tenant. `detail` says what came of it."""

    surface: str
    target: str
    name: str
    leaked: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """Something that should have been attacked and could not be: as bad as a leak, since nobody knows."""

    surface: str
    target: str
    why: str


@dataclass(frozen=True)
class Subject:
    """A throw-away tenant with a row in every tenant table.

    `canary` stands in every text of its rows that is long enough, `number` in every number that is; `unmade` says by
    table why no row could be made. `authorization` is the header of an API key that holds every scope.
    """

    tenant: Tenant
    person: User
    password: str
    canary: str
    number: int
    rows: dict[type[TenantOwned], Any] = field(default_factory=dict)
    unmade: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict)

    @property
    def authorization(self) -> str:
        """The header of its API key."""
        return f"Bearer {self.credentials['api_key']}"

    @property
    def ids(self) -> frozenset[str]:
        """Every id that names something of this tenant, as text."""
        own = {str(row.pk) for row in self.rows.values()}
        return frozenset(own | {str(self.tenant.pk), str(self.person.pk)})

    def marks(self) -> frozenset[str]:
        """Return the texts that nobody else may be told."""
        return self.ids | {self.canary, str(self.number), self.tenant.slug, self.person.email}


@dataclass(frozen=True)
class Ground:
    """Where the attack takes place: two tenants that live the same way."""

    place: str
    victim: Subject
    attacker: Subject
    checksum: str = ""  # of the victim's rows, when nobody had attacked yet

    def table(self, model: type[Model]) -> str:
        """Return the qualified name of the table in which the victim's row of a model lies."""
        schema = (
            self.victim.tenant.schema_name
            if self.place == SILO and model._meta.app_label in settings.TENANT_APPS
            else "public"
        )
        return f'"{schema}"."{model._meta.db_table}"'

    def told(self, text: str, *, sent: Iterable[str] = ()) -> list[str]:
        """Return which of the victim's marks stand in `text`, except those that the attacker sent itself."""
        return sorted(mark for mark in self.victim.marks() - set(sent) if mark in text)


Found = Iterable[Attack | Missed]


@dataclass(frozen=True, slots=True)
class Surface:
    """One kind of opening. `advice` says what to do about a leak; `once`: it is the same wherever tenants
    live, so it is attacked in the last place only.
    """

    name: str
    attacks: Callable[[Ground], Found]
    what: str
    advice: str
    once: bool = False
