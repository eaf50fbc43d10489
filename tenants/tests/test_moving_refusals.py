"""What stops a move says so in one line, ends with another exit code than 0, and has changed nothing."""

import pytest
from django.db import connections

from miosa.pg.owner import as_owner
from miosa.testing.fixtures import open_tenant
from miosa.testing.silos import open_silo, schemas
from tenants.moving.move import pool, silo
from tenants.moving.refusal import MoveRefused
from tenants.places import SHARED
from tenants.tests.moving import (
    IN_TIME_S,
    command,
    filled,
    holding,
    in_force,
    number_of_rows,
    open_job,
    quiet,
    ran,
    rows_of,
    straggler,
    waited_for,
)

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), pytest.mark.usefixtures("silo")]


@pytest.fixture
def acme():
    made = open_tenant("acme")
    filled(made)
    return made


def as_owner_run(*statements):
    with as_owner() as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("silo", "nobody"), "There is no tenant nobody"),
        (("pool", "acme"), "acme is in the shared tables already."),
        (("silo", "acme", "--wait", "0"), "is no number of seconds"),
        (("silo", "acme", "--wait", "soon"), "is no number of seconds"),
        (("silo",), "the following arguments are required: slug"),
        (("shift", "acme"), "invalid choice: 'shift'"),
        ((), "the following arguments are required: SUBCOMMAND"),
    ],
)
def test_it_refuses_bad_input(acme, arguments, told):
    """The last line of the errors says what is the matter; there is no traceback and nothing was made."""
    code, _, err = ran(*arguments)
    assert code != 0
    assert told in err.splitlines()[-1]
    assert "Traceback" not in err
    assert (in_force(acme), schemas()) == (SHARED, [])


def test_it_refuses_who_is_there_already(acme):
    """A second `silo` has nothing to do and says so."""
    open_silo(acme)
    before = rows_of(acme, acme.schema_name)
    with pytest.raises(MoveRefused, match="has a schema of its own already"):
        silo("acme", wait_s=5, say=quiet)
    assert rows_of(acme, acme.schema_name) == before


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (('CREATE SCHEMA "{own}"', 'CREATE TABLE "{own}".mine (id int)'), "holds what is not ours (mine)"),
        (('CREATE SCHEMA "{own}" AUTHORIZATION miosa_platform',), "belongs to miosa_platform"),
    ],
)
def test_it_leaves_foreign_things_alone(acme, statements, told):
    """A schema of that name that holds something else, or is somebody else's, is not touched."""
    as_owner_run(*(statement.format(own=acme.schema_name) for statement in statements))
    with pytest.raises(MoveRefused) as refusal:
        silo("acme", wait_s=5, say=quiet)
    assert told in str(refusal.value)
    assert in_force(acme) == SHARED
    as_owner_run(
        "SET ROLE miosa_platform", f'DROP SCHEMA "{acme.schema_name}"'
    ) if "belongs" in told else None


def test_it_refuses_a_schema_with_somebody_elses_rows(acme):
    """Rows of another tenant in a prepared schema are seen although the owner's login cannot see them."""
    globex = open_tenant("globex")
    filled(globex)
    open_silo(acme)
    pool_but_keep_schema(acme)
    with connections["platform"].cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{acme.schema_name}".routing_promotion SELECT * FROM public.routing_promotion WHERE tenant_id = %s LIMIT 1',
            [globex.pk],
        )
    with pytest.raises(MoveRefused, match=r"holds rows that are not in force \(routing_promotion\)"):
        silo("acme", wait_s=5, say=quiet)
    with pytest.raises(MoveRefused, match=r"holds rows that are not in force \(routing_promotion\)"):
        pool("acme", wait_s=5, say=quiet)
    assert in_force(acme) == SHARED
    assert number_of_rows(globex, acme.schema_name) == 1


def pool_but_keep_schema(tenant):
    """Move back, and stop before the schema is dropped."""
    with holding("platform", f'LOCK TABLE "{tenant.schema_name}".agents_step IN ACCESS SHARE MODE') as pid:
        with command("pool", tenant.slug):
            assert waited_for(pid)


def test_it_refuses_tables_that_are_made_otherwise(acme):
    """A silo that lacks an index of the shared tables is not moved into, nor out of."""
    open_silo(acme)
    before = rows_of(acme, acme.schema_name)
    as_owner_run(f'DROP INDEX "{acme.schema_name}".memory_vectors_384')
    with pytest.raises(MoveRefused, match=r"not made like the shared ones \(index .*hnsw"):
        pool("acme", wait_s=5, say=quiet)
    assert rows_of(acme, acme.schema_name) == before


@pytest.mark.parametrize(("sqlstate", "told"), [("53100", "No space left"), ("42501", "Not for you")])
def test_it_survives_what_the_server_refuses(acme, sqlstate, told):
    """A full disk or a missing right in the middle of the copy: one line, and every row is where it was."""
    before = rows_of(acme, SHARED)
    refuse = f'"{acme.schema_name}".refuse()'
    with command("silo", "acme", "--wait", str(IN_TIME_S)) as process:
        with holding("default", "SELECT public.enter_tenant(%s)", [str(acme.pk)]) as pid:
            assert waited_for(pid), process.communicate(timeout=IN_TIME_S)
            as_owner_run(
                f"CREATE FUNCTION {refuse} RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION '{told}' USING ERRCODE = '{sqlstate}'; END $$",
                f'CREATE TRIGGER refuse BEFORE INSERT ON "{acme.schema_name}".agents_step EXECUTE FUNCTION {refuse}',
            )
        out, err = process.communicate(timeout=IN_TIME_S)
    assert process.returncode == 1
    assert err.startswith(f"CommandError: The database refused: {told}")
    assert len(err.splitlines()) == 1
    assert "has a schema of its own" not in out
    assert in_force(acme) == SHARED
    assert rows_of(acme, SHARED) == before


def test_it_brings_over_what_an_older_job_leaves(acme):
    """A row that a job of the platform commits after the switch is in the new place when the command has ended."""
    with (
        open_job(straggler(acme, SHARED)) as job,
        command("silo", "acme", "--wait", str(IN_TIME_S)) as process,
    ):
        while in_force(acme) == SHARED:
            assert process.poll() is None, process.communicate()
        job.commit()
        _, err = process.communicate(timeout=IN_TIME_S)
    assert process.returncode == 0, err
    assert number_of_rows(acme, SHARED) == 0
    assert (
        len(rows_of(acme, acme.schema_name)["billing_ledgerentry"]) == 5
    )  # one of them is the month's allowance


def test_it_says_when_an_older_job_does_not_end(acme):
    """The move is done and says so, and that it has to be run again for what the job may leave."""
    with open_job(straggler(acme, SHARED)):
        with pytest.raises(MoveRefused, match="in its new place, but a transaction that began before"):
            silo("acme", wait_s=0.3, say=quiet)
        assert in_force(acme) == acme.schema_name


def test_it_does_not_choose_between_two_rows_of_one_id(acme):
    """A row that stands in both places with other contents is told, and neither is changed."""
    open_silo(acme)
    with connections["platform"].cursor() as cursor:
        cursor.execute(
            f'INSERT INTO public.agents_execution SELECT * FROM "{acme.schema_name}".agents_execution LIMIT 1'
        )
        cursor.execute("UPDATE public.agents_execution SET output = 'other'")
    before = rows_of(acme, acme.schema_name)
    with pytest.raises(MoveRefused, match=r"1 rows of public\.agents_execution stand in t_.* too"):
        pool("acme", wait_s=5, say=quiet)
    assert rows_of(acme, acme.schema_name) == before
    assert number_of_rows(acme, SHARED) == 1
