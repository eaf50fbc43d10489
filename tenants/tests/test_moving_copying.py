"""A schema that is copied from the catalogue is in nothing different from one that the migrations made."""

from contextlib import contextmanager

import pytest

from miosa.embedded.processes import until
from miosa.pg.owner import as_owner
from miosa.testing.fixtures import open_tenant
from miosa.testing.silos import open_silo, schemas
from tenants.moving.move import silo
from tenants.moving.refusal import MoveRefused
from tenants.moving.schema import prepare
from tenants.places import SHARED
from tenants.tests.moving import IN_TIME_S, command, filled, holding, in_force, moving, quiet, waited_for
from tenants.tests.moving_catalogue import catalogue, records

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), pytest.mark.usefixtures("silo")]

NEWEST = "SELECT app, name, applied FROM public.django_migrations ORDER BY id DESC LIMIT 1"
FORGET = "DELETE FROM public.django_migrations WHERE (app, name) = (%s, %s)"
REMEMBER = "INSERT INTO public.django_migrations (app, name, applied) VALUES (%s, %s, %s)"
KINDS = {
    "relation",
    "column",
    "constraint",
    "index",
    "policy",
    "trigger",
    "function",
    "sequence",
    "type",
    "schema",
}
KEYS = "LOCK TABLE public.tenants_tenant IN ROW EXCLUSIVE MODE"  # a new foreign key waits for that


def run(statement, *parameters):
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchone() if cursor.description else None


@contextmanager
def one_behind():
    """Let the shared tables seem to lack a migration: they are no model for others until they have it."""
    newest = run(NEWEST)
    run(FORGET, *newest[:2])
    try:
        yield
    finally:
        run(REMEMBER, *newest)


@pytest.fixture
def acme():
    return open_tenant("acme")


def test_it_is_what_the_migrations_make(acme):
    """Owners, rights, walls, keys, indexes, functions, sequences, targets: the catalogue says the same of both."""
    migrated, own = open_tenant("globex").schema_name, acme.schema_name
    with one_behind():
        prepare(migrated)
    prepare(own)
    done, times = records(own)
    assert (sorted(done), times) == (sorted(records(migrated)[0]), 1)
    assert records(migrated)[1] > 1
    wanted = catalogue(migrated)
    assert {line.partition(" ")[0] for line in wanted} >= KINDS
    assert catalogue(own) == wanted


def test_it_follows_the_shared_tables(acme):
    """What an operator tunes on the shared tables is there in a schema made afterwards, and no right beyond it."""
    run("ALTER TABLE public.agents_step SET (fillfactor = 80)")
    run("REVOKE DELETE ON public.agents_step FROM miosa_app")
    try:
        open_silo(acme)
        lines = catalogue(acme.schema_name)
    finally:
        run("ALTER TABLE public.agents_step RESET (fillfactor)")
        run("GRANT DELETE ON public.agents_step TO miosa_app")
    (step,) = [line for line in lines if line.startswith("relation | agents_step | r ")]
    assert "{fillfactor=80}" in step
    assert "miosa_app=arw/" in step
    assert "miosa_platform=arwd/" in step


def test_it_leaves_nothing_when_it_is_broken_off(acme):
    """Killed in the middle there is no schema at all, and the next run makes it."""
    filled(acme)
    with holding("owner", KEYS) as pid, command("silo", "acme", "--wait", str(IN_TIME_S)) as process:
        assert waited_for(pid), process.communicate(timeout=IN_TIME_S)
        process.kill()
        process.communicate(timeout=IN_TIME_S)
    assert until(lambda: not moving(), timeout_s=IN_TIME_S)
    assert schemas() == []
    open_silo(acme)
    assert in_force(acme) == acme.schema_name


def test_it_uses_a_schema_that_is_there_and_empty(acme):
    """A schema somebody made for it beforehand is filled like a new one."""
    run(f'CREATE SCHEMA "{acme.schema_name}"')
    open_silo(acme)
    assert records(acme.schema_name)[1] == 1


def test_it_migrates_where_copying_fails(acme, caplog):
    """What the catalogue prints otherwise than it was told is no equal copy: that is undone, and the migrations try."""
    run("CREATE POLICY odd ON public.agents_step USING (state IN ('one', 'two'))")
    try:
        with pytest.raises(MoveRefused, match=r"not made like the shared ones \(policy agents_step.odd"):
            silo("acme", wait_s=5, say=quiet)
    finally:
        run("DROP POLICY odd ON public.agents_step")
    assert "is made by migrating, since it cannot be copied: policy agents_step.odd" in caplog.text
    assert records(acme.schema_name)[1] > 1
    assert in_force(acme) == SHARED
    open_silo(acme)  # what stands there is used
    assert in_force(acme) == acme.schema_name
