"""Staff choose whose tables the admin shows; it holds for them alone, and never outlives a request."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import as_platform, fill, operator, signed_in
from tenants.models import User
from tenants.moving.move import pool
from tenants.places import SHARED
from tenants.tests.moving import looked_at as schema_of_platform
from tenants.tests.moving import quiet

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

LIST = "admin:agents_execution_changelist"
MARK = "Looking at: acme"


@pytest.fixture
def acme(silo):
    made = open_tenant("acme")
    fill(made)
    return silo(made)


@pytest.fixture
def globex(db):
    made = open_tenant("globex")
    fill(made)
    return made


def shown(client, page=LIST, **filters):
    """Return the page's text, and the tenants of the rows on it."""
    answer = client.get(reverse(page), filters)
    assert answer.status_code == 200
    assert schema_of_platform() == SHARED
    return answer.content.decode(), {row.tenant.slug for row in answer.context["cl"].result_list}


def look_at(client, tenant):
    answer = client.post(
        reverse("admin:tenants_vantage"), {"tenant": tenant.pk if tenant else ""}, follow=True
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_works(acme, globex):
    """Lists show the shared tables, then the silo that was chosen with a mark on every page, then the shared ones."""
    client = operator()
    text, rows = shown(client)
    assert (rows, MARK in text) == ({"globex"}, False)
    assert "show the rows of acme now" in look_at(client, acme)
    text, rows = shown(client)
    assert (rows, MARK in text) == ({"acme"}, True)
    look_at(client, None)
    text, rows = shown(client)
    assert (rows, MARK in text) == ({"globex"}, False)


def test_it_shows_single_rows_of_the_silo(acme, globex):
    """The page of one execution opens while its schema is looked at, and is not found otherwise."""
    client = operator()
    look_at(client, acme)
    row = client.get(reverse(LIST)).context["cl"].result_list[0]
    page = reverse("admin:agents_execution_change", args=[row.pk])
    assert client.get(page).status_code == 200
    look_at(client, None)
    assert client.get(page).status_code == 302  # the admin says that there is no such row


def test_it_offers_what_there_is(acme, globex):
    """The page names the silos, not the pooled tenants, and every page leads there."""
    client = operator()
    page = reverse("admin:tenants_vantage")
    text = client.get(page).content.decode()
    assert acme.schema_name in text
    assert "globex" not in text
    assert page in client.get(reverse("admin:index")).content.decode()


def test_it_holds_for_one_person(acme, globex):
    """Somebody else's pages do not change."""
    ada, bob = operator(), signed_in("bob@miosa.example", is_staff=True, is_superuser=True)
    look_at(ada, acme)
    assert shown(bob)[1] == {"globex"}
    assert shown(ada)[1] == {"acme"}


@pytest.mark.parametrize("chosen", ["globex", "0", "00000000-0000-0000-0000-000000000000", "'; DROP TABLE"])
def test_it_takes_no_other_choice(acme, globex, chosen):
    """A pooled tenant, an unknown one and nonsense are refused, and the shared tables stay in view."""
    client = operator()
    value = globex.pk if chosen == "globex" else chosen
    answer = client.post(reverse("admin:tenants_vantage"), {"tenant": value}, follow=True)
    assert "has no schema of its own" in answer.content.decode()
    assert shown(client)[1] == {"globex"}


def test_it_needs_the_right_to_see_tenants(acme, globex):
    """Staff without it can neither open the page nor choose; with it taken away a choice is without effect."""
    client = signed_in("bob@miosa.example", is_staff=True)
    page = reverse("admin:tenants_vantage")
    assert client.get(page).status_code == 403
    assert client.post(page, {"tenant": acme.pk}).status_code == 403
    person = as_platform(User, email="bob@miosa.example")
    rights = ("view_tenant", "view_execution")
    with platform():
        person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    look_at(client, acme)
    assert shown(client)[1] == {"acme"}
    with platform():
        person.user_permissions.remove(Permission.objects.get(codename="view_tenant"))
    assert shown(client)[1] == {"globex"}


def test_it_forgets_a_tenant_that_has_gone_back(acme, globex):
    """When the tenant is pooled again the pages show the shared tables, where its rows are now."""
    client = operator()
    look_at(client, acme)
    pool("acme", wait_s=5, say=quiet)
    text, rows = shown(client)
    assert (rows, MARK in text) == ({"acme", "globex"}, False)


def test_it_puts_the_connection_back_after_an_error(acme):
    """A page that fails leaves the platform's connection at the shared tables."""
    client = operator()
    look_at(client, acme)
    client.raise_request_exception = False
    assert client.get("/admin/agents/execution/?o=nonsense").status_code in {200, 302}
    assert client.get("/admin/no/such/page/").status_code == 404
    assert schema_of_platform() == SHARED


def test_it_shows_a_siloed_tenant_on_the_dashboard(acme, globex):
    """The dashboard of one tenant counts where its rows are, whatever is looked at."""
    client = operator()
    for looked_at in (None, acme):
        look_at(client, looked_at)
        for tenant in (acme, globex):
            figures = client.get(reverse("admin:index"), {"tenant": tenant.pk}).context["figures"]
            assert figures[0]["value"] == "1"
