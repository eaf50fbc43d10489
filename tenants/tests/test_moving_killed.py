"""A move that is killed with SIGKILL, at every stage: the old place or the new one is in force, and a re-run finishes.

Nothing in the product knows of this. The tests hold a lock that the stage needs, see in PostgreSQL's list of locks
that the command waits for it, and kill the command there.
"""

import os
import signal

import pytest

from miosa.embedded.processes import until
from miosa.pg.rebuilt_view import LOCK as STATISTICS
from miosa.testing.fixtures import open_tenant
from miosa.testing.silos import open_silo, schemas
from tenants.places import SHARED
from tenants.tests.moving import (
    IN_TIME_S,
    command,
    executions_of,
    filled,
    holding,
    in_force,
    moving,
    number_of_rows,
    open_job,
    ran,
    rows_of,
    straggler,
    waited_for,
)

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), pytest.mark.usefixtures("silo")]

# What is held from outside for the command to wait for: login, statement. {own} is the tenant's schema, {source}
# where its rows are.
PREPARING = (
    "owner",
    "LOCK TABLE public.tenants_tenant IN ROW EXCLUSIVE MODE",
)  # a new foreign key needs more
STATISTICS_BEFORE = ("platform", f"SELECT pg_advisory_xact_lock({STATISTICS})")
SOMEBODY_INSIDE = ("default", "SELECT public.enter_tenant('{tenant}')")
LOCKING_ROWS = (
    "platform",
    "SELECT id FROM {source}.agents_execution WHERE tenant_id = '{tenant}' FOR UPDATE",
)
LAST_TABLE = ("platform", "SELECT id FROM {source}.agents_memory WHERE tenant_id = '{tenant}' FOR UPDATE")
SWITCHING = ("platform", "SELECT id FROM public.tenants_tenant WHERE id = '{tenant}' FOR NO KEY UPDATE")
DROPPING = ("platform", "LOCK TABLE {own}.routing_outcome IN ACCESS SHARE MODE")

OLD_STAYS = {
    "silo": [PREPARING, STATISTICS_BEFORE, SOMEBODY_INSIDE, LOCKING_ROWS, LAST_TABLE, SWITCHING],
    "pool": [SOMEBODY_INSIDE, LOCKING_ROWS, LAST_TABLE, SWITCHING],
}
NEW_IS_IN_FORCE = [STATISTICS_BEFORE, DROPPING]


@pytest.fixture
def acme():
    made = open_tenant("acme")
    filled(made)
    return made


def placed(tenant, move):
    """Put the tenant where the move begins; return both schemas."""
    if move == "pool":
        open_silo(tenant)
        return tenant.schema_name, SHARED
    return SHARED, tenant.schema_name


def held(tenant, source, what):
    login, statement = what
    return holding(login, statement.format(tenant=tenant.pk, own=tenant.schema_name, source=source))


def kill(process):
    """End the command as a power cut does, and wait until the server has noticed."""
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=IN_TIME_S)
    assert process.returncode == -signal.SIGKILL
    assert until(lambda: not moving(), timeout_s=IN_TIME_S)


@pytest.mark.parametrize(
    ("move", "what"), [(move, what) for move, stages in OLD_STAYS.items() for what in stages]
)
def test_it_leaves_the_old_place_in_force(acme, move, what):
    """Killed before its transaction ends nothing has happened: same rows, same place; a re-run does all of it."""
    source, target = placed(acme, move)
    before = rows_of(acme, source)
    with held(acme, source, what) as pid, command(move, "acme", "--wait", str(IN_TIME_S)) as process:
        assert waited_for(pid), process.communicate(timeout=IN_TIME_S)
        kill(process)
    assert in_force(acme) == source
    assert rows_of(acme, source) == before
    assert executions_of(acme) == 3
    assert number_of_rows(acme, target) == 0

    code, _, err = ran(move, "acme")
    assert code == 0, err
    assert in_force(acme) == target
    assert rows_of(acme, target) == before
    assert number_of_rows(acme, source) == 0


@pytest.mark.parametrize("what", NEW_IS_IN_FORCE)
def test_it_leaves_the_new_place_in_force(acme, what):
    """Killed while it clears away the schema the tenant is in the shared tables whole; a re-run clears it away."""
    source, target = placed(acme, "pool")
    before = rows_of(acme, source)
    with held(acme, source, what) as pid, command("pool", "acme") as process:
        assert waited_for(pid), process.communicate(timeout=IN_TIME_S)
        kill(process)
    assert in_force(acme) == target
    assert rows_of(acme, target) == before
    assert schemas() == [acme.schema_name]

    code, out, err = ran("pool", "acme")
    assert code == 0, err
    assert out.endswith("acme is in the shared tables.\n")
    assert schemas() == []
    assert rows_of(acme, target) == before


@pytest.mark.parametrize("move", ["silo", "pool"])
def test_it_is_finished_while_it_waits_for_older_transactions(acme, move):
    """Killed after its transaction, while a job that began before is open: the new place holds, the re-run sweeps."""
    source, target = placed(acme, move)
    before = rows_of(acme, source)
    with open_job(straggler(acme, source)) as job, command(move, "acme", "--wait", str(IN_TIME_S)) as process:
        assert until(lambda: in_force(acme) == target, timeout_s=IN_TIME_S)
        kill(process)
        job.commit()
    assert number_of_rows(acme, source) == 1

    code, _, err = ran(move, "acme")
    assert code == 0, err
    assert number_of_rows(acme, source) == 0
    after = rows_of(acme, target)
    assert len(after.pop("billing_ledgerentry")) == len(before.pop("billing_ledgerentry")) + 1
    assert after == before
