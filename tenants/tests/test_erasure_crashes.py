"""A crash or a server that is away leaves nothing half: erasing again finishes, and messages on their way end quietly."""

import json
import logging
import uuid
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from agents.models import Execution
from agents.tasks import run_step, study
from miosa.pg.platform import platform
from miosa.statistics import refresh
from miosa.testing.silos import schemas
from tenants.erasure.erase import erase
from tenants.folders import folder_of
from tenants.models import PlatformAuditEntry
from tenants.task_scope import ends_with_its_tenant, task_scope
from tenants.tests.archives import lived_in
from tenants.tests.erasures import erased, rows_left
from tenants.tests.moving import command, holding, waited_for

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
UNKNOWN = str(uuid.UUID(int=7))


class Crash(Exception):  # noqa: N818
    """The process is gone."""


def test_a_crash_before_the_commit_changes_nothing():
    """All rows are there, and no receipt."""
    acme = lived_in("acme")
    before = rows_left(acme)

    def crash() -> int:
        raise Crash

    with pytest.raises(Crash):
        erase(acme, by="somebody", work_in_progress=crash, force=False, wait_s=5)
    assert rows_left(acme) == before
    with pytest.raises(CommandError, match="There is no receipt"):
        call_command("tenants", "receipt", "acme")


def test_a_crash_after_the_commit_is_finished_by_erasing_again(silo, capsys):
    """Keys, files, schema and statistics that were left go the second time; a third time changes nothing."""
    acme = silo(lived_in("acme"))
    folder_of(acme.pk).mkdir(parents=True)
    refresh()
    row = erase(acme, by="somebody", work_in_progress=lambda: 0, force=False, wait_s=5)
    assert row.document["completed_at"] is None
    assert schemas() == [acme.schema_name]
    erased("acme")
    first = json.loads(capsys.readouterr().out)
    assert first["document"]["completed_at"]
    assert schemas() == []
    assert not folder_of(acme.pk).exists()
    assert rows_left(acme) == {}
    erased("acme")
    assert json.loads(capsys.readouterr().out) == first
    with platform():
        assert PlatformAuditEntry.objects.filter(action="tenant.erased").count() == 1


def test_a_killed_erasure_changes_nothing():
    """The process dies while it deletes: every row is there, and erasing again works."""
    acme = lived_in("acme")
    before = rows_left(acme)
    with holding("owner", "LOCK TABLE tenants_membership IN SHARE MODE") as pid:
        with command("erase", "acme", "--yes") as process:
            assert waited_for(pid)
            process.kill()
    assert rows_left(acme) == before
    erased("acme")
    assert rows_left(acme) == {}


def test_valkey_that_is_away_leaves_the_receipt_open(settings):
    """The rows are gone, the line says what may be left, and running it again finishes."""
    acme = lived_in("acme")
    there = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(there, redis_url="redis://127.0.0.1:1/0")
    with pytest.raises(CommandError, match="Valkey is away"):
        erased("acme")
    settings.ENVIRONMENT = there
    erased("acme")
    assert rows_left(acme) == {}


@pytest.mark.parametrize("task", [run_step, study])
def test_a_message_for_a_tenant_that_is_gone_ends_quietly(task, caplog):
    """Messages hold ids only: the task finds nobody, says so in one line and is done."""
    with caplog.at_level(logging.INFO):
        task(UNKNOWN, UNKNOWN)
    assert f"Tenant {UNKNOWN} is gone" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_task_whose_tenant_goes_meanwhile_ends_quietly(caplog):
    """What it writes after that refers to nobody, and that is no error."""
    acme = lived_in("acme")

    @ends_with_its_tenant
    def work(tenant_id: str) -> None:
        with task_scope(tenant_id):
            erased("acme")
            Execution.objects.create(request="late", requested_by="x", ceiling_micros=1)

    with caplog.at_level(logging.INFO):
        work(str(acme.pk))
    assert f"Tenant {acme.pk} is gone" in caplog.text
    assert rows_left(acme) == {}
