"""What tenants share: counts that help a new tenant begin, never a text, and never one's own counts again."""

import json
from decimal import Decimal

import pytest
from django.db import ProgrammingError, connection, transaction
from django.forms import model_to_dict
from django_tenants.utils import tenant_context

from miosa.pg.owner import as_owner
from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.testing.flows import providers
from routing import board, policies, pool, verdicts
from routing.models import Outcome, PooledCell, PoolShare
from routing.requirement import TASK_KINDS, Requirement
from routing.router import decide
from routing.tests.stored import decision, outcome

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

A, B = "openai/gpt-oss-20b", "openai/gpt-oss-120b"
CHAT, TOPIC = Requirement("chat"), Requirement("chat", topic="zq-secret-project")


@pytest.fixture(autouse=True)
def reachable():
    """One provider that is set up, so that decisions can be made; the pool is left empty."""
    with providers(groq="http://127.0.0.1:9/v1"):
        yield
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("TRUNCATE public.routing_pooledcell")


@pytest.fixture
def acme():
    return open_tenant("acme")


@pytest.fixture
def globex():
    return open_tenant("globex")


@pytest.fixture
def newcomer():
    return open_tenant("newcomer")


def learn(tenant, *, right=0, wrong=0, by=A, need=CHAT):
    with tenant_context(tenant):
        for number in range(right + wrong):
            outcome(need, success=number < right, by=by)


def others(tenant):
    """What a tenant's next decisions take from the others."""
    with tenant_context(tenant):
        pooled = board.known().snapshot.pooled
        return {key: (tally.requests, tally.successes) for key, tally in pooled.items()}


def test_counts_of_others_are_where_a_new_tenant_begins(acme, globex, newcomer):
    """Two tenants' counts add up to what a third one begins with, and its belief in the model follows them."""
    learn(acme, right=6, wrong=2)
    learn(globex, right=9, wrong=3)
    with tenant_context(newcomer):
        before = board.known().snapshot.posterior("chat", A).mean
    assert pool.gather() == 1
    assert others(newcomer) == {("chat", A): (20, 15)}
    with tenant_context(newcomer):
        known = board.known()
        assert known.snapshot.posterior("chat", A).mean > before
        # Others' counts are a beginning: they are worth a bounded number of outcomes.
        assert sum(known.snapshot.posterior("chat", A)) < 20
        assert known.snapshot.total(A).requests == 0


def test_the_history_node_of_a_new_tenant_follows_the_others(acme, newcomer):
    """A model that failed elsewhere begins below its even chance in a new tenant's explained choice."""
    learn(acme, wrong=12)
    learn(acme, right=12, by=B)
    pool.gather()
    with tenant_context(newcomer):
        ranked = decide(board.current(), CHAT).ranked
    history = {row.model: node.score for row in ranked for node in row.nodes if node.name == "History"}
    assert history[B] > 0.6
    assert history.get(A, 0.0) < 0.4


def test_own_counts_never_come_back(acme, globex):
    """Each of two tenants sees the other's counts alone, to the last one; alone in the pool one sees nothing."""
    learn(acme, right=5, wrong=1)
    pool.gather()
    assert others(acme) == {}
    learn(globex, right=1, wrong=2)
    pool.gather()
    learn(acme, right=7)  # not gathered yet: neither here nor there
    assert others(acme) == {("chat", A): (3, 1)}
    assert others(globex) == {("chat", A): (6, 5)}
    pool.gather()
    assert others(acme) == {("chat", A): (3, 1)}
    assert others(globex) == {("chat", A): (13, 12)}


def test_who_stops_giving_never_sees_its_own_counts_as_others(acme, globex):
    """The share and the sums change at once: in between, and in a process that read before, nothing comes back."""
    learn(acme, right=5)
    learn(globex, right=2)
    pool.gather()
    assert others(acme) == {("chat", A): (2, 2)}
    with tenant_context(acme):
        policies.change(gives_counts=False)
    assert others(acme) == {("chat", A): (2, 2)}
    pool.gather()
    assert others(acme) == {("chat", A): (2, 2)}
    assert others(globex) == {}
    with tenant_context(acme):
        assert not PoolShare.objects.exists()
        policies.change(gives_counts=True)
    pool.gather()
    assert others(globex) == {("chat", A): (5, 5)}


def test_who_takes_nothing_decides_on_its_own_alone(acme, globex):
    """Opting out of taking empties the prior and leaves the share where it is."""
    learn(acme, right=5)
    learn(globex, right=2)
    pool.gather()
    with tenant_context(globex):
        policies.change(takes_counts=False)
    assert others(globex) == {}
    assert others(acme) == {("chat", A): (2, 2)}


def test_corrections_are_shared_as_what_they_leave(acme, newcomer):
    """A success that people overrule is a request without a success in the pool too."""
    with tenant_context(acme):
        row = outcome(by=A)
        verdicts.told_by_people(row.decision_id, value=Decimal(0))
    pool.gather()
    assert others(newcomer) == {("chat", A): (1, 0)}


def test_topics_are_counted_in_their_kind_and_never_named(acme, newcomer):
    """No topic, no tenant and no text is in any column of what all tenants read."""
    learn(acme, right=2, need=TOPIC)
    learn(acme, wrong=1)
    pool.gather()
    assert others(newcomer) == {("chat", A): (3, 2)}
    with platform():
        rows = [model_to_dict(row) for row in PooledCell.objects.all()]
    assert rows == [
        {"id": f"chat:{A}", "task_kind": "chat", "model": A, "requests": 3, "successes": pytest.approx(2)}
    ]
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(c) FROM public.routing_pooledcell c")
        stored = json.dumps(cursor.fetchall())
    assert "zq-secret" not in stored
    assert str(acme.pk) not in stored


def test_kinds_that_nobody_knows_do_not_enter(acme, newcomer):
    """A kind outside the fixed list would be a text of a tenant: it stays at home."""
    with tenant_context(acme):
        row = decision(by=A)
        Outcome.objects.create(
            decision=row, model=A, task_kind="zq-secret", success=True, verdict=1, credit=1, confidence=8
        )
    learn(acme, right=1)
    pool.gather()
    assert set(others(newcomer)) == {("chat", A)}
    with platform():
        assert {row.task_kind for row in PooledCell.objects.all()} <= set(TASK_KINDS)


def test_a_tenant_with_its_own_schema_gives_and_takes(acme, globex, silo):
    """Its counts reach the others, theirs reach it, and its own stay apart."""
    learn(acme, right=4)
    learn(globex, right=3, wrong=1)
    moved = silo(globex)
    learn(moved, right=1)
    pool.gather()
    assert others(moved) == {("chat", A): (4, 4)}
    assert others(acme) == {("chat", A): (5, 4)}


def test_a_schema_that_fails_stops_nobody(acme, globex, newcomer, silo, caplog):
    """One whose table is away is left out and named in the log; the others' counts are gathered."""
    learn(acme, right=4)
    learn(globex, right=3)
    moved = silo(globex)
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{moved.schema_name}".routing_poolshare RENAME TO away')
    try:
        assert pool.gather() == 1
    finally:
        with as_owner() as owner, owner.cursor() as cursor:
            cursor.execute(f'ALTER TABLE "{moved.schema_name}".away RENAME TO routing_poolshare')
    assert moved.schema_name in caplog.text
    with tenant_context(acme):
        assert PoolShare.objects.get().requests == 4
    assert others(newcomer) == {("chat", A): (4, 4)}


def test_one_gathers_at_a_time(acme):
    """Who finds another at it goes away and changes nothing."""
    learn(acme, right=1)
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [pool.LOCK])
        try:
            assert pool.gather() == 0
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [pool.LOCK])
    assert pool.gather() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO public.routing_pooledcell VALUES ('chat:x', 'chat', 'x', 9, 9)",
        "UPDATE public.routing_pooledcell SET successes = 0",
        "DELETE FROM public.routing_pooledcell",
        "TRUNCATE public.routing_pooledcell",
    ],
)
def test_the_application_cannot_write_the_pool(acme, as_installed, statement):
    """Its login may read the sums and nothing else."""
    with (
        tenant_context(acme),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
    ):
        connection.cursor().execute(statement)


def test_a_share_of_no_kind_of_ours_is_neither_summed_nor_touched(tenant):
    """What is planted to be watched stays as it is, and nothing of it reaches the pool."""
    planted = PoolShare.objects.create(task_kind="planted", model="m", requests=7, successes=3)
    pool.gather()
    kept = PoolShare.objects.get(task_kind="planted")
    assert (kept.pk, kept.requests, float(kept.successes)) == (planted.pk, 7, 3.0)
    assert not PooledCell.objects.filter(task_kind="planted").exists()
