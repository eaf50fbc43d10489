"""Secrets at rest: what is sealed for one tenant is nothing to another, even where its bytes are at hand."""

from django_tenants.utils import tenant_context

from miosa.doctor.attack import Attack, Found, Ground, Missed
from miosa.doctor.requests import undone
from tenants import vault
from tenants.models import StoredSecret

SURFACE = "secrets"


def attacks(ground: Ground) -> Found:
    """Read by the victim's name, open the victim's bytes as one's own, and store them as one's own to read them."""
    row = ground.victim.rows.get(StoredSecret)
    if row is None:
        yield Missed(SURFACE, "tenants.vault", "the victim has no secret to look for")
        return
    with tenant_context(ground.victim.tenant):
        if vault.read(row.name) is None:
            yield Missed(SURFACE, "tenants.vault", "the victim cannot read its own secret")
    with tenant_context(ground.attacker.tenant), undone("default"):
        yield Attack(SURFACE, "tenants.vault", "read the victim's name", vault.read(row.name) is not None)
        purpose = vault.purpose_of(ground.attacker.tenant.pk, row.name)
        yield Attack(SURFACE, "tenants.vault", "open the victim's bytes", _opens(row, purpose))
        StoredSecret.objects.create(name=row.name, key_id=row.key_id, sealed=row.sealed)
        yield Attack(SURFACE, "tenants.vault", "read the victim's bytes as one's own", _reads(row.name))


def _opens(row: StoredSecret, purpose: str) -> bool:
    try:
        vault.open_sealed(row.key_id, row.sealed, purpose=purpose)
    except vault.CannotOpen:
        return False
    return True


def _reads(name: str) -> bool:
    try:
        return vault.read(name) is not None
    except vault.CannotOpen:
        return False
