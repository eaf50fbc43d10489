"""The admin's page of code that ran."""

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from deployments.models import SandboxRun
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import fill, operator, queries

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def test_it_lists_more_rows_without_more_queries():
    """The number of queries does not follow the number of rows."""
    acme, client = open_tenant("acme"), operator()
    fill(acme, 1)
    few = queries(client, "deployments_sandboxrun")
    fill(acme, 2)
    fill(acme, 3)
    assert queries(client, "deployments_sandboxrun") == few


@pytest.mark.parametrize(
    ("exit_code", "timed_out", "told"), [(0, False, "exit 0"), (3, False, "exit 3"), (137, True, "timed out")]
)
def test_it_tells_how_a_run_ended(exit_code, timed_out, told):
    """A run that was stopped says so; any other says its exit code."""
    with tenant_context(open_tenant("acme")):
        row = SandboxRun.objects.create(
            sandbox="bubblewrap", code="x = '<b>'", exit_code=exit_code, timed_out=timed_out, duration_ms=5
        )
    text = operator().get(reverse("admin:deployments_sandboxrun_change", args=[row.pk])).content.decode()
    assert told in text
    assert "x = &#x27;&lt;b&gt;&#x27;" in text
