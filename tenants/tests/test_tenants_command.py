"""`manage.py tenants create` and `list`, as an operator runs them."""

import json

import pytest
from django.contrib.auth.hashers import check_password
from django_tenants.utils import tenant_context

from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import as_platform, fill
from tenants.models import Domain, Membership, Role, Tenant, User
from tenants.tests.moving import in_force, number_of_rows, ran

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), pytest.mark.usefixtures("silo")]

OWNER = ("--owner-email", "Ann@Acme.example")
PASSWORD = "correct horse battery"


def listed():
    code, out, err = ran("list", "--json")
    assert code == 0, err
    return {one["slug"]: one for one in json.loads(out)}


def tenants():
    with platform():
        return list(Tenant.objects.values_list("slug", flat=True))


def test_it_opens_a_tenant_with_its_owner():
    """The password comes from standard input; name, domain, membership and the way in are there."""
    code, out, err = ran(
        "create", "acme", *OWNER, "--name", "Acme Ltd", "--domain", "Acme.example", "--password-file", "-",
        told=f"{PASSWORD}\n",
    )  # fmt: skip
    assert code == 0, err
    tenant, person = as_platform(Tenant, slug="acme"), as_platform(User, email="ann@acme.example")
    assert str(tenant.pk) in out
    assert PASSWORD not in out + err
    assert (tenant.name, tenant.isolation) == ("Acme Ltd", "pool")
    assert check_password(PASSWORD, person.password)
    assert as_platform(Domain, domain="acme.example").tenant_id == tenant.pk
    with tenant_context(tenant):
        assert Membership.objects.get().role == Role.OWNER


def test_it_reads_the_password_from_a_file(tmp_path):
    """The first line counts, without its end."""
    (tmp_path / "password").write_text(f"{PASSWORD}\nnot this\n")
    code, _, err = ran("create", "acme", *OWNER, "--password-file", str(tmp_path / "password"))
    assert code == 0, err
    assert check_password(PASSWORD, as_platform(User, email="ann@acme.example").password)


def test_it_opens_a_tenant_whose_owner_has_no_password():
    """Without a password nobody can sign in with one, and the output says how they get in."""
    code, out, _ = ran("create", "acme", *OWNER)
    assert code == 0
    assert "has no password" in out
    assert not as_platform(User, email="ann@acme.example").has_usable_password()


def test_it_keeps_the_password_of_a_known_person():
    """A second tenant of the same owner does not change how they sign in."""
    assert ran("create", "acme", *OWNER, "--password-file", "-", told=f"{PASSWORD}\n")[0] == 0
    code, out, _ = ran("create", "globex", *OWNER, "--password-file", "-", told="something else 1\n")
    assert code == 0
    assert "keeps the password" in out
    assert check_password(PASSWORD, as_platform(User, email="ann@acme.example").password)


def test_it_opens_a_tenant_in_a_silo_at_once():
    """With --silo its first row is written into a schema of its own."""
    code, out, err = ran("create", "acme", *OWNER, "--silo")
    assert code == 0, err
    tenant = as_platform(Tenant, slug="acme")
    assert in_force(tenant) == tenant.schema_name
    assert "has a schema of its own" in out
    fill(tenant)
    assert number_of_rows(tenant, "public") == 0


@pytest.mark.parametrize(
    ("arguments", "told", "said"),
    [
        (("taken", *OWNER), "", "There is a tenant taken already"),
        (("Not a slug", *OWNER), "", "Enter a valid"),
        (("a" * 49, *OWNER), "", "longer than 48"),
        (("acme", "--owner-email", "nobody"), "", "Enter a valid email"),
        (("acme",), "", "required: --owner-email"),
        (("acme", *OWNER, "--domain", "taken.example"), "", "leads to another tenant"),
        (("acme", *OWNER, "--password-file", "-"), "short\n", "too short"),
        (("acme", *OWNER, "--password-file", "-"), "", "too short"),
        (("acme", *OWNER, "--password-file", "/no/such/file"), "", "cannot be read"),
    ],
)
def test_it_refuses_bad_input(arguments, told, said):
    """One line says what is wrong, the exit code is not 0, and no tenant or person was made."""
    taken = open_tenant("taken")
    with platform():
        Domain.objects.create(domain="taken.example", tenant=taken)
    code, out, err = ran("create", *arguments, told=told)
    assert code != 0
    assert said in err.splitlines()[-1]
    assert "Traceback" not in err
    assert (out, tenants()) == ("", ["taken"])
    with platform():
        assert not User.objects.filter(email="ann@acme.example").exists()


def test_it_lists_tenants_wherever_they_are(silo):
    """Rows and bytes are counted in the pool and in a silo alike; a deactivated tenant is told."""
    acme, globex = open_tenant("acme"), open_tenant("globex")
    fill(acme)
    fill(globex)
    before = listed()
    silo(acme)
    with platform():
        Tenant.objects.filter(pk=globex.pk).update(active=False)
    after = listed()
    assert before["acme"]["rows"] == before["globex"]["rows"] > 10
    assert after["acme"]["rows"] == before["acme"]["rows"] + 1  # the audit log has the move
    assert after["acme"]["size_bytes"] > before["acme"]["size_bytes"] > 0
    assert after["globex"] == before["globex"] | {"active": False}
    assert (after["acme"]["place"], after["globex"]["place"]) == (acme.schema_name, "public")
    assert after["acme"]["isolation"] == "silo"


def test_it_prints_a_table():
    """Without --json each tenant is a line under its titles."""
    open_tenant("acme")
    code, out, _ = ran("list")
    titles, line = out.splitlines()
    assert code == 0
    assert titles.split() == ["SLUG", "NAME", "PLACE", "ACTIVE", "ROWS", "SIZE"]
    assert line.split()[:4] == ["acme", "Acme", "public", "yes"]
