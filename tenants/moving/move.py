"""Moving a tenant into a schema of its own and back; what was begun is finished by running it again.

Three stages: what the tenant needs at the target is made ready (the tenant works on), one transaction moves it, and
what is left over is cleared away. Only the second keeps the tenant waiting.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connections

from miosa.pg.platform import platform
from miosa.pg.rebuilt_view import rebuild
from tenants.models import Tenant
from tenants.moving import schema
from tenants.moving.alone import alone
from tenants.moving.refusal import MoveRefused
from tenants.moving.shape import SHARED
from tenants.moving.stragglers import sweep
from tenants.moving.switch import Say, switch

DEADLOCK, LOCK_TIMEOUT = "40P01", "55P03"
TRIES = 3  # a deadlock with a job of the platform is no reason to give up

POOL, SILO = Tenant.Isolation.POOL, Tenant.Isolation.SILO


def silo(slug: str, *, wait_s: float, say: Say) -> None:
    """Give the tenant tables of its own.

    Raises:
        MoveRefused: it has them, or the move is not possible now.
        OwnerUnknown: no URL of the owner's login is known.
    """
    with _moved_alone(slug) as tenant:
        own = tenant.schema_name
        if tenant.isolation == SILO:
            _finish(tenant, f"{slug} has a schema of its own already.", wait_s=wait_s, say=say)
            return
        if schema.exists(own):  # an earlier return to the shared tables was not finished
            sweep(tenant, source=own, target=SHARED, wait_s=wait_s)
        say(f"Preparing the schema {own}: the tenant works on.")
        schema.prepare(own)
        rebuild(connections["platform"], besides=[own])
        say(f"Moving {slug}: the tenant waits.")
        _switch(tenant, SILO, source=SHARED, target=own, wait_s=wait_s, say=say)
        sweep(tenant, source=SHARED, target=own, wait_s=wait_s)
        say(f"{slug} has a schema of its own: {own}.")


def pool(slug: str, *, wait_s: float, say: Say) -> None:
    """Bring the tenant back to the shared tables, and drop its schema.

    Raises:
        MoveRefused: it is there, or the move is not possible now.
        OwnerUnknown: no URL of the owner's login is known.
    """
    with _moved_alone(slug) as tenant:
        own = tenant.schema_name
        if tenant.isolation == POOL:
            if not schema.exists(own):
                raise MoveRefused(f"{slug} is in the shared tables already.")
        else:
            schema.refuse_difference(own)
            sweep(tenant, source=SHARED, target=own, wait_s=wait_s)
            say(f"Moving {slug}: the tenant waits.")
            _switch(tenant, POOL, source=own, target=SHARED, wait_s=wait_s, say=say)
        say(f"Clearing the schema {own} away: the tenant works on.")
        sweep(tenant, source=own, target=SHARED, wait_s=wait_s)
        rebuild(connections["platform"])
        schema.drop(own)
        say(f"{slug} is in the shared tables.")


def _finish(tenant: Tenant, already: str, *, wait_s: float, say: Say) -> None:
    swept = sweep(tenant, source=SHARED, target=tenant.schema_name, wait_s=wait_s)
    rebuilt = rebuild(connections["platform"])
    if not swept and not rebuilt:
        raise MoveRefused(already)
    say(f"{already} Finished: {swept} rows were brought over, {len(rebuilt)} statistics made anew.")


def _switch(tenant: Tenant, to: str, *, source: str, target: str, wait_s: float, say: Say) -> None:
    for last in (False,) * (TRIES - 1) + (True,):
        try:
            switch(tenant, to, source=source, target=target, wait_s=wait_s, say=say)
        except Error as error:
            if _state(error) == LOCK_TIMEOUT:
                raise MoveRefused(
                    f"Somebody works on rows of {tenant.slug} and did not end in {wait_s:g} seconds. Nothing was "
                    "moved: run this again, or give --wait more seconds."
                ) from error
            if last or _state(error) != DEADLOCK:
                raise
        else:
            return


@contextmanager
def _moved_alone(slug: str) -> Iterator[Tenant]:
    """Yield the tenant as it is once no other command moves it; turn the database's refusals into one line."""
    try:
        with alone(_tenant(slug).pk):
            yield _tenant(slug)
    except Error as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise MoveRefused(
            f"The database refused: {reason}. No row was lost: `tenants list` tells where {slug} is; run this again."
        ) from error


def _tenant(slug: str) -> Tenant:
    with platform():
        tenant: Tenant | None = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise MoveRefused(f"There is no tenant {slug}: `tenants list` names them.")
    return tenant


def _state(error: Error) -> str | None:
    """Return PostgreSQL's five letters for what went wrong."""
    return getattr(error.__cause__, "sqlstate", None)
