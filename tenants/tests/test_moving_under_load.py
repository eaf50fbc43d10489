"""A tenant that works while it is moved loses nothing, and its neighbour does not even notice."""

import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.db import Error, OperationalError, connections, transaction
from django_tenants.utils import tenant_context

from agents import executions, improvement, leases
from agents.models import Execution
from billing import ledger, quota
from billing.models import LedgerEntry
from miosa.embedded.processes import until
from miosa.testing.fixtures import open_tenant
from miosa.testing.silos import schemas
from tenants.moving.move import pool, silo
from tenants.places import SHARED
from tenants.tests.moving import IN_TIME_S, filled, in_force, number_of_rows, quiet

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), pytest.mark.usefixtures("silo")]

WRITERS = 3
BETWEEN = 30  # writes that are acknowledged before the next move begins


@dataclass
class Written:
    """What one thread was told is stored, and how often it was sent away."""

    acknowledged: list = field(default_factory=list)
    sent_away: int = 0
    errors: list = field(default_factory=list)


def write(tenant, name, stop, written):
    """Post to the ledger and open an execution, in one transaction, again and again; ask again when sent away."""
    try:
        while not stop.is_set():
            mark = f"{name}:{len(written.acknowledged)}"
            try:
                with tenant_context(tenant), transaction.atomic():
                    ledger.post("tokens", 1, cost_micros=1, source="load", source_id=mark)
                    executions.open_execution(mark, ceiling_micros=0, requested_by="user:load")
            except OperationalError:
                written.sent_away += 1
                stop.wait(0.01)
            except Error as error:
                written.errors.append(error)
            else:
                written.acknowledged.append(mark)
    finally:
        connections.close_all()


def beat(stop, errors):
    """Do what beat sends, without a pause."""
    try:
        while not stop.is_set():
            try:
                leases.due()
                improvement.due()
                quota.sweep_expired()
            except Error as error:
                errors.append(error)
    finally:
        connections.close_all()


@contextmanager
def working(*tenants):
    """Let writers of each tenant and the jobs of the platform run; yield what each tenant's writers were told."""
    stop = threading.Event()
    told = {tenant.slug: [Written() for _ in range(WRITERS)] for tenant in tenants}
    threads = [
        threading.Thread(target=write, args=(tenant, f"{tenant.slug}{number}", stop, written))
        for tenant in tenants
        for number, written in enumerate(told[tenant.slug])
    ]
    failed_jobs: list[Error] = []
    threads.append(threading.Thread(target=beat, args=(stop, failed_jobs)))
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        stop.set()
        for thread in threads:
            thread.join(IN_TIME_S)
    assert not failed_jobs


def stored(tenant):
    with tenant_context(tenant):
        entries = LedgerEntry.objects.filter(source="load").values_list("source_id", flat=True)
        opened = Execution.objects.filter(requested_by="user:load").values_list("request", flat=True)
        return Counter(entries), Counter(opened)


def acknowledged(writers):
    return Counter(mark for written in writers for mark in written.acknowledged)


def test_it_keeps_exactly_what_was_acknowledged():
    """Through both moves every acknowledged row is there once, none besides; the neighbour is never sent away."""
    acme, globex = open_tenant("acme"), open_tenant("globex")
    filled(acme, 10)
    with working(acme, globex) as told:

        def more():
            goal = acknowledged(told["acme"]).total() + BETWEEN
            assert until(lambda: acknowledged(told["acme"]).total() >= goal, timeout_s=IN_TIME_S)

        for move in (silo, pool, silo):
            more()
            move("acme", wait_s=20, say=quiet)
        assert in_force(acme) == acme.schema_name
        more()
        pool("acme", wait_s=20, say=quiet)
        more()
    assert in_force(acme) == SHARED
    assert schemas() == []
    assert number_of_rows(acme, SHARED) > 0
    for tenant in (acme, globex):
        entries, opened = stored(tenant)
        assert entries == opened == acknowledged(told[tenant.slug])
        assert not [error for written in told[tenant.slug] for error in written.errors]
    assert sum(written.sent_away for written in told["acme"]) > 0
    assert sum(written.sent_away for written in told["globex"]) == 0
