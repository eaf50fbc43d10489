"""A tenant moves into a schema of its own and back: every row arrives as it was, and nobody else notices."""

import pytest
from django.db import OperationalError
from django_tenants.utils import tenant_context

from agents.models import Execution
from miosa.testing.fixtures import client_of, open_tenant
from miosa.testing.silos import schemas
from tenants.models import AuditEntry
from tenants.moving.move import pool, silo
from tenants.moving.refusal import MoveRefused
from tenants.places import SHARED
from tenants.tests.moving import (
    executions_of,
    filled,
    holding,
    in_force,
    number_of_rows,
    quiet,
    registered,
    rows_of,
)

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.usefixtures("silo"),  # clears schemas away
]
ENTER = "SELECT public.enter_tenant(%s)"


@pytest.fixture
def acme():
    made = open_tenant("acme")
    filled(made)
    return made


@pytest.fixture
def globex():
    made = open_tenant("globex")
    filled(made)
    return made


def test_it_works(acme, globex):
    """Every row of every table is the same in its new place, gone from the old one, and the neighbour's stay."""
    before, neighbours = rows_of(acme, SHARED), rows_of(globex, SHARED)
    own = acme.schema_name
    assert all(before.values()), "every table has rows to move"

    silo("acme", wait_s=5, say=quiet)
    assert in_force(acme) == own
    assert rows_of(acme, own) == before
    assert number_of_rows(acme, SHARED) == 0
    assert executions_of(acme) == 3

    pool("acme", wait_s=5, say=quiet)
    assert in_force(acme) == SHARED
    assert rows_of(acme, SHARED) == before
    assert schemas() == []
    assert executions_of(acme) == 3
    assert rows_of(globex, SHARED) == neighbours


def test_it_tells_rows_and_checksum_of_each_table(acme):
    """The operator reads what was compared; the same rows have the same checksum on the way back."""
    there: list[str] = []
    back: list[str] = []
    silo("acme", wait_s=5, say=there.append)
    pool("acme", wait_s=5, say=back.append)
    told = [line for line in there if "checksum" in line]
    assert any("agents_execution" in line and "3 rows" in line for line in told)
    assert told == [line for line in back if "checksum" in line]
    assert there[-1] == f"acme has a schema of its own: {acme.schema_name}."
    assert back[-1] == "acme is in the shared tables."


def test_it_is_written_to_the_tenants_log(acme):
    """Both moves stand in the audit log, in the transaction of the move."""
    silo("acme", wait_s=5, say=quiet)
    pool("acme", wait_s=5, say=quiet)
    with tenant_context(acme):
        moves = list(AuditEntry.objects.filter(action="tenant.moved").order_by("number"))
    assert [(one.before, one.after) for one in moves] == [
        ({"isolation": "pool"}, {"isolation": "silo"}),
        ({"isolation": "silo"}, {"isolation": "pool"}),
    ]


def test_it_makes_callers_of_this_tenant_ask_again_and_no_others(acme, globex):
    """While the tenant is locked for its move its API answers 503 with Retry-After at once; the neighbour's works."""
    mine, theirs = client_of(acme), client_of(globex)
    with holding("owner", "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [0x4D494F53, str(acme.pk)]):
        mine.raise_request_exception = False
        refused = mine.get("/api/v1/executions")
        assert refused.status_code == 503
        assert "being moved" in refused.json()["detail"]
        assert int(refused.headers["Retry-After"]) > 0
        assert theirs.get("/api/v1/executions").status_code == 200
    assert mine.get("/api/v1/executions").status_code == 200


def test_it_follows_a_tenant_it_remembers_wrongly(acme):
    """A process that holds the registry's row from before the move reads and writes in the right place."""
    silo("acme", wait_s=5, say=quiet)
    assert acme.isolation == "pool"
    with tenant_context(acme):
        Execution.objects.create(request="New", requested_by="user:1", ceiling_micros=0)
    assert len(rows_of(acme, acme.schema_name)["agents_execution"]) == 4
    remembered = registered(acme)
    pool("acme", wait_s=5, say=quiet)
    assert remembered.isolation == "silo"
    assert executions_of(remembered) == 4


def test_it_gives_up_when_somebody_stays_inside(acme):
    """A transaction of the tenant that does not end in time stops the move; nothing has changed, and it works later."""
    with holding("default", ENTER, [str(acme.pk)]):
        with pytest.raises(MoveRefused, match=r"did not end in 0\.2 seconds"):
            silo("acme", wait_s=0.2, say=quiet)
        assert in_force(acme) == SHARED
        assert executions_of(acme) == 3
    silo("acme", wait_s=5, say=quiet)
    assert executions_of(acme) == 3


def test_it_is_done_by_one_command_at_a_time(acme):
    """A second move of the same tenant is refused at once."""
    with holding("owner", "SELECT pg_advisory_lock(%s, hashtext(%s))", [0x4D4F5645, str(acme.pk)]):
        with pytest.raises(MoveRefused, match="Another command"):
            silo("acme", wait_s=5, say=quiet)
    assert in_force(acme) == SHARED


def test_it_refuses_entry_as_an_operational_error(acme):
    """Python code that comes in during a move meets the error that means: ask again."""
    with holding("owner", "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [0x4D494F53, str(acme.pk)]):
        with pytest.raises(OperationalError, match="being moved"), tenant_context(acme):
            Execution.objects.count()
