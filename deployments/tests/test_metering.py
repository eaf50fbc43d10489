"""What was used stands in the ledger once, whatever was lost on the way; and what is nobody's does not stay."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache

from billing.models import LedgerEntry
from billing.plans import DEFAULT_PLAN, shipped
from deployments import mending, metering
from deployments.launch import launch
from deployments.models import Deployment, Service
from deployments.tests.hosting_fixtures import host_fixture  # noqa: F401
from deployments.tests.hosting_server import Customer
from deployments.tests.plain_world import plain_world, run
from miosa.http.problem import PaymentRequired

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def world(tenant, tmp_path):
    with plain_world(tmp_path / "plain") as made:
        yield made


@pytest.fixture
def here(host, settings):
    """The product's own settings, pointed at the test's host."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, hosting_url=host.control_url)
    return host


def use(tenant, service, **more):
    return {
        "tenant_id": str(tenant.pk), "service_id": str(service.pk), "build_ms": 0, "running_s": 0, "memory_mb": 256,
        "egress_bytes": 0, "wakes": 0, **more,
    }  # fmt: skip


def live(world):
    return run(launch(world.project, world.release(), target="plain", requested_by="user:test"))


def test_each_meter_is_one_entry_however_often_it_is_told(tenant, world):
    """Build, hours and bytes, with the ids that cost pages read; the same batch again adds nothing."""
    row = live(world)
    told = use(tenant, row.service, build_ms=1500, running_s=60.4, egress_bytes=10)
    assert metering.written("batch-1", told) == 3
    metering.written("batch-1", told)
    entries = {entry.meter: entry for entry in LedgerEntry.objects.filter(source="hosting_use")}
    assert {meter: entry.quantity for meter, entry in entries.items()} == {
        "build_ms": 1500, "hosting_s": 60, "egress_bytes": 10,
    }  # fmt: skip
    assert entries["hosting_s"].details["deployment_id"] == str(row.pk)
    assert entries["hosting_s"].details["service_id"] == str(row.service_id)
    metering.written("batch-2", told)
    assert LedgerEntry.objects.filter(source="hosting_use").count() == 6


def test_what_nobody_owes_is_not_written(world):
    """A tenant that is gone, or no tenant at all."""
    for nobody in (str(uuid4()), "nobody"):
        assert metering.written("batch", use(_Gone(nobody), _Gone(str(uuid4())), running_s=5)) == 0
    assert LedgerEntry.objects.filter(source="hosting_use").count() == 0


class Known(Customer):
    """A customer whose service has a row."""

    known = ""

    @property
    def place(self):
        return replace(super().place, service_id=self.known)


class _Gone:
    def __init__(self, pk):
        self.pk = pk


def test_it_reads_the_host_until_nothing_waits(tenant, world, here):
    """A page that was sent is in the ledger, and the host has forgotten the batch."""
    row = live(world)
    customer = Known(here, name=row.service.name, tenant_id=str(tenant.pk))
    customer.known = str(row.service_id)
    ref = customer.deploy("one", {"index.html": "hello"})
    assert customer.open(ref).text == "hello"
    assert metering.collect() > 0
    sent = LedgerEntry.objects.get(meter="egress_bytes", details__service_id=str(row.service_id))
    assert sent.quantity >= len("hello")
    assert here.target.host.usage() == {"batch": "", "services": []}


def test_a_month_that_is_used_up_launches_nothing(tenant, world):
    """The plan's hours of hosting."""
    row = live(world)
    hours = shipped()[DEFAULT_PLAN].hosting_hours
    assert hours, "the plan has a limit"
    metering.written("batch", use(tenant, row.service, running_s=hours * 3600))
    with pytest.raises(PaymentRequired, match="hours of running apps"):
        launch(world.project, world.release(), target="plain", requested_by="user:test")


def test_what_is_nobodys_goes_after_a_grace(tenant, world, here, monkeypatch):
    """A site that no row knows stays for the grace and is then removed; one that a row knows stays."""
    cache.clear()
    row = live(world)
    Service.objects.filter(pk=row.service_id).update(target="local")
    known = Customer(here, name=row.service.name, tenant_id=str(tenant.pk))
    stray = Customer(here, name="miosa-acme-stray", tenant_id=str(tenant.pk))
    for customer in (known, stray):
        customer.deploy("one", {"index.html": "x"})
    assert mending.mend() == 0
    monkeypatch.setattr(mending, "GRACE", timedelta(0))
    assert mending.mend() >= 1
    left = {site["name"] for site in here.target.host.sites()}
    assert known.name in left
    assert stray.name not in left


def test_without_a_host_there_is_nothing_to_do(settings):
    """No address, no call."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, hosting_url="")
    assert (metering.collect(), mending.mend()) == (0, 0)


def test_a_host_that_is_away_is_asked_again(settings):
    """Nothing is raised, nothing is written."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, hosting_url="http://:token@127.0.0.1:9")
    assert (metering.collect(), mending.mend()) == (0, 0)
    assert Deployment.objects.count() == 0
