"""Everything that is sealed with a master key, as one readable list: what changes keys, and what is left."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Count, Model

from miosa.pg.platform import platform
from tenants import audit, signing_keys, vault
from tenants.models import Authenticator, SigningKey, StoredSecret

Resealing = Callable[[], tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class Sealed:
    """One kind of sealed value: its table, which has a `key_id`, and what seals all of it anew."""

    name: str
    table: type[Model]
    reseal: Resealing

    def by_key(self) -> Counter[str]:
        """Return how many values each master key seals, in all tenants."""
        with platform():
            rows = self.table._base_manager.order_by().values_list("key_id").annotate(Count("pk"))
            return Counter(dict(rows))


def _signing_keys() -> tuple[int, list[str]]:
    try:
        return signing_keys.reseal(), []
    except vault.CannotOpen as closed:
        return 0, [str(closed)]


def _authenticators() -> tuple[int, list[str]]:
    with platform():
        return vault.reseal(Authenticator.objects.all(), lambda row: f"second-factor:{row.user_id}")


# A further kind is a line here.
SEALED: tuple[Sealed, ...] = (
    Sealed("secrets of tenants", StoredSecret, vault.rotate),
    Sealed("signing keys", SigningKey, _signing_keys),
    Sealed("authenticator apps of staff", Authenticator, _authenticators),
)


def rotate() -> dict[str, tuple[int, list[str]]]:
    """Seal everything with the newest master key; by kind: how many values were sealed anew, and what stays shut."""
    outcome = {kind.name: kind.reseal() for kind in SEALED}
    if sum(done for done, _ in outcome.values()):
        audit.record_platform(
            "secrets.rotated",
            actor=audit.current_actor(),
            object_type="master_key",
            object_id=vault.newest_key_id(),
            after={name: {"done": done, "stuck": len(stuck)} for name, (done, stuck) in outcome.items()},
        )
    return outcome
