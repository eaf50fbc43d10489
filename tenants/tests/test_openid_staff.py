"""Signing in at an OpenID provider, for the admin and for invitations, against a real one on a socket."""

import re

import pytest
from django.test import Client
from django_tenants.utils import tenant_context

from miosa.pg.platform import platform
from miosa.testing.fixtures import client_of, open_tenant
from miosa.testing.openid_provider import OpenIDProvider
from tenants.models import Authenticator, Identity, Membership, PlatformAuditEntry, User
from tenants.second_factor import authenticator
from tenants.tests.openid_browser import at_the_provider, query_of, sign_in, trusting
from tenants.tests.staff_browser import CODE_PAGE, code_of, enrolled, with_password

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
LOGIN = "/admin/openid/login"
ADA = {"sub": "staff-1", "email": "ada@miosa.example", "email_verified": True}


@pytest.fixture
def ada():
    with platform():
        return User.objects.create_superuser("ada@miosa.example", "ada-password-1")


@pytest.fixture
def there():
    with OpenIDProvider() as provider, trusting(provider):
        provider.person = dict(ADA)
        yield provider


def identities():
    with platform():
        return list(Identity.objects.values_list("subject", "user__email"))


def test_the_sign_in_page_offers_it(ada, there):
    """Beside the password stands a button with the provider's name; without a provider there is none."""
    page = Client().get("/admin/login/?next=/admin/tenants/user/").content.decode()
    assert "Sign in with Acme Login" in page
    assert f'href="{LOGIN}?next=/admin/tenants/user/"' in page
    assert 'name="password"' in page


def test_no_button_without_a_provider(ada):
    """Where none is set up nothing is offered, and the door says so on a page."""
    assert "openid" not in Client().get("/admin/login/").content.decode()
    answer = Client().get(LOGIN)
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_staff_come_in(ada, there):
    """There and back: a Django session, the page that was wanted, a linked account, and two lines in the log."""
    client = Client()
    begun = client.get(LOGIN, {"next": "/admin/tenants/user/"})
    assert query_of(begun["Location"])["redirect_uri"] == "http://127.0.0.1:8000/admin/openid/callback"
    answer = client.get(at_the_provider(begun["Location"]))
    assert (answer.status_code, answer["Location"]) == (302, "/admin/tenants/user/")
    assert client.get("/admin/tenants/user/").status_code == 200
    assert identities() == [("staff-1", "ada@miosa.example")]
    with platform():
        entries = PlatformAuditEntry.objects.filter(action__in=["identity.linked", "staff.signed_in"])
        told = {entry.action: entry for entry in entries}
    assert told["staff.signed_in"].after == {"way": "openid", "second_factor": False}
    assert told["identity.linked"].actor == f"staff:{ada.pk}"


@pytest.mark.parametrize(
    "onward", ["https://elsewhere.example.org/", "//elsewhere.example.org", "/api/v1/docs", ""]
)
def test_it_leads_nowhere_else(ada, there, onward):
    """An address outside of the admin becomes the admin's first page."""
    client = Client()
    begun = client.get(LOGIN, {"next": onward})
    assert client.get(at_the_provider(begun["Location"]))["Location"] == "/admin/"


@pytest.mark.parametrize("change", [{"email_verified": False}, {"email": "nobody@miosa.example"}])
def test_no_stranger_comes_in(ada, there, change):
    """Who is not known by a verified address gets a readable page, no session, and nothing is linked."""
    there.person |= change
    client = Client()
    answer = sign_in(client, path=LOGIN)
    assert answer.status_code == 401
    assert "<h1>" in answer.content.decode()
    assert client.get("/admin/").status_code == 302
    assert identities() == []


def test_who_is_not_staff_stays_outside(ada, there):
    """A tenant's owner, and staff who were made inactive, get no session."""
    open_tenant("acme")
    there.person = {"sub": "1", "email": "owner@acme.example", "email_verified": True}
    assert sign_in(Client(), path=LOGIN).status_code == 401
    there.person = dict(ADA)
    with platform():
        User.objects.filter(pk=ada.pk).update(is_active=False)
    assert sign_in(Client(), path=LOGIN).status_code == 401
    assert identities() == []


def test_the_second_factor_is_asked_for_after_the_provider_too(ada, there):
    """Who has an app gives its code, whatever the provider says about how they signed in there."""
    secret, _ = enrolled(with_password())
    there.claims = {"amr": ["mfa"]}
    client = Client()
    assert sign_in(client, path=LOGIN).status_code == 302
    assert client.get("/admin/")["Location"].startswith(CODE_PAGE)
    assert client.post(CODE_PAGE, {"code": code_of(secret)}).status_code == 302
    assert client.get("/admin/").status_code == 200
    with platform():
        assert authenticator.of(ada) == Authenticator.objects.get()


def test_a_trip_ends_at_the_door_it_began(ada, there):
    """The cookie of the API's way opens nothing in the admin, and the other way round."""
    open_tenant("acme")
    client = Client()
    begun = client.get("/api/v1/openid/login", {"tenant": "acme"})
    query = query_of(at_the_provider(begun["Location"]))
    client.cookies["miosa_openid"]["path"] = "/"
    assert client.get("/admin/openid/callback", query).status_code == 400
    assert there.token_requests == []


def test_a_silent_provider_is_told_on_a_page(ada, there):
    """503 as a page that can be read; the password still opens the admin."""
    there.out_of_order = True
    answer = Client().get(LOGIN)
    assert answer.status_code == 503
    assert answer["Content-Type"].startswith("text/html")
    assert with_password().get("/admin/").status_code == 200


def page_of(link):
    return re.sub(r"^http://[^/]+", "", link)


@pytest.fixture
def invited(there):
    """An invitation of acme to bob, and the path of its page."""
    acme = open_tenant("acme")
    there.person = {"sub": "bob-1", "email": "Bob@acme.example", "email_verified": True, "name": "Bob"}
    made = client_of(acme).post("/api/v1/invitations", {"email": "bob@acme.example", "role": "viewer"}).json()
    return acme, page_of(made["link"])


def accept_there(client, path):
    begun = client.post(path, {"way": "openid"})
    assert begun.status_code == 302, begun.content
    return client.get(at_the_provider(begun["Location"]))


def test_an_invitation_is_accepted_at_the_provider(invited, there):
    """A new person comes in without any password of ours, and signs in there from then on."""
    acme, path = invited
    assert "Accept with Acme Login" in Client().get(path).content.decode()
    answer = accept_there(Client(), path)
    assert answer.status_code == 201, answer.content
    assert identities() == [("bob-1", "bob@acme.example")]
    with tenant_context(acme):
        seat = Membership.objects.select_related("user").get(user__email="bob@acme.example")
        assert (seat.role, seat.user.name, seat.user.has_usable_password()) == ("viewer", "Bob", False)
    assert sign_in(Client()).status_code == 200
    assert accept_there_again(path) == 404


def accept_there_again(path):
    return Client().get(path).status_code


@pytest.mark.parametrize("person", [{"email": "eve@acme.example"}, {"email_verified": False}])
def test_it_is_for_the_address_the_provider_verified(invited, there, person):
    """Somebody else's account, or an unverified address, takes no seat and makes nobody."""
    acme, path = invited
    there.person |= person
    assert accept_there(Client(), path).status_code == 401
    assert identities() == []
    with tenant_context(acme):
        assert Membership.objects.count() == 1


def test_an_account_of_somebody_else_takes_no_seat(invited, there):
    """An account that is linked with one person cannot take the seat of another, whatever address it has now."""
    acme, path = invited
    there.person |= {"email": "owner@acme.example"}
    assert sign_in(Client()).status_code == 200
    there.person |= {"email": "bob@acme.example"}
    assert accept_there(Client(), path).status_code == 401
    with tenant_context(acme):
        assert Membership.objects.count() == 1
