"""The demo's tenant: an owner who may enter the admin, and an API key."""

from dataclasses import dataclass
from pathlib import Path

from django_tenants.utils import tenant_context

from billing.subscriptions import subscribe
from miosa.embedded.state import State
from miosa.http.problem import Unauthenticated
from miosa.pg.platform import platform
from tenants import api_keys
from tenants.models import Tenant, User
from tenants.provisioning import open_tenant
from tenants.scopes import ALL

SLUG, EMAIL, PLAN = "demo", "owner@demo.example", "starter"
PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class Account:
    """What a newcomer needs to look around."""

    tenant: str
    email: str
    password: str
    api_key: str


def open_account(state_dir: Path) -> Account:
    """Make the tenant, or find it; credentials live in the state folder, readable by its owner only."""
    state = State(state_dir)
    password = state.secret("demo-password")[:20]
    opened = open_tenant(SLUG, name="Demo", owner_email=EMAIL, password=password)
    with platform():
        owner = User.objects.get(pk=opened.owner.pk)
        owner.is_staff = owner.is_superuser = True
        owner.set_password(password)
        owner.save()
    with tenant_context(opened.tenant):
        if opened.new:
            subscribe(PLAN)
        key = _key(opened.tenant, state_dir / "secrets" / "demo-api-key", owner)
    return Account(SLUG, EMAIL, password, key)


def _key(tenant: Tenant, kept: Path, owner: User) -> str:
    """Return the key of an earlier run while it is valid, else a new one."""
    if kept.exists():
        key = kept.read_text().strip()
        try:
            if api_keys.tenant_of(key) == tenant.pk:
                api_keys.resolve(key)
                return key
        except Unauthenticated:
            pass
    _, key = api_keys.make("demo", scopes=ALL, created_by_id=owner.pk)
    kept.touch(mode=PRIVATE_FILE)
    kept.write_text(key)
    return key
