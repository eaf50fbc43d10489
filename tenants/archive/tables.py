"""What of a tenant goes into an archive, and what never leaves the installation.

Every table of a tenant goes whole, unless it is named here. A credential is worth nothing elsewhere, since it is
kept as a hash or sealed under keys of this installation, and much to a thief who has those keys:

- API keys go without their digest: they stay as the names that executions and entries refer to, and are revoked on
  arrival. Secrets and invitations are listed, so that somebody can set and send them again, and are not loaded.
- Sessions and refresh tokens stay behind. So do stored answers to repeated requests: they live for a day, and the
  answer that made an API key holds the key.
- Of people go id, e-mail address, name and whether they are active: no password, second factor or identity.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

from django.apps import apps
from django.conf import settings
from django.db.models import Field, ForeignKey, Model

from tenants.models import Domain
from tenants.owned import TenantOwned

WITHOUT = {"tenants_apikey": ("digest", "former_digest", "former_until")}
LISTED = {
    "tenants_invitation": ("email", "role", "created", "expires_at", "accepted_at", "revoked_at"),
    "tenants_storedsecret": ("name", "created", "updated"),
}
LEFT_BEHIND = frozenset({"tenants_session", "tenants_refreshtoken", "tenants_idempotentrequest"})


@dataclass(frozen=True, slots=True)
class Table:
    """One file of an archive. `people` are the columns that name a person, with whether they may be empty."""

    name: str
    columns: tuple[str, ...]
    owner: LiteralString = "t.tenant_id = %(tenant)s"
    loaded: bool = True
    people: tuple[tuple[str, bool], ...] = ()

    @property
    def file(self) -> str:
        """The name inside the archive."""
        return f"{self.name}.jsonl"


PEOPLE = Table(
    "tenants_user",
    ("id", "email", "name", "is_active"),
    owner="t.id IN (SELECT user_id FROM tenants_membership WHERE tenant_id = %(tenant)s)",
)


def tables() -> tuple[Table, ...]:
    """Return every table of an archive of this version: people, host names, then what the tenant owns, by name."""
    owned = (model for model in apps.get_models() if issubclass(model, TenantOwned) and model._meta.managed)
    return (PEOPLE, HOSTS, *_by_name(owned))


def _by_name(models: Iterable[type[Model]]) -> list[Table]:
    kept = (model for model in models if model._meta.db_table not in LEFT_BEHIND)
    return sorted(map(_whole, kept), key=lambda table: table.name)


def _whole(model: type[Model]) -> Table:
    name = model._meta.db_table
    if name in LISTED:
        return Table(name, LISTED[name], loaded=False)
    fields: list[Field] = [
        field
        for field in model._meta.local_concrete_fields
        if not field.generated and field.column not in WITHOUT.get(name, ())
    ]
    person = apps.get_model(settings.AUTH_USER_MODEL)
    return Table(
        name,
        tuple(str(field.column) for field in fields),
        people=tuple(
            (str(field.column), field.null)
            for field in fields
            if isinstance(field, ForeignKey) and field.related_model is person
        ),
    )


HOSTS = _whole(Domain)
