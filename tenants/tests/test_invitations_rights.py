"""What an invitation cannot do: reach above its maker, outlive their right, or open an account that is there."""

import pytest
from django.utils import timezone
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from miosa.pg.platform import platform
from miosa.testing.fixtures import client_of, open_tenant
from miosa.tests.admin_rows import as_platform
from tenants import invitations, members, sessions
from tenants.invitations import Void
from tenants.models import ApiKey, Membership, Role, User
from tenants.scopes import ALL, SCOPES_OF_ROLE
from tenants.tests.guests import NEW, accept, invite, of_person, seat, without_password

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
ROLES = [Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER]


@pytest.fixture
def acme():
    made = open_tenant("acme")
    with tenant_context(made):
        yield made


@pytest.fixture
def api(acme):
    return client_of(acme)


@pytest.mark.parametrize("inviter", ROLES)
@pytest.mark.parametrize("role", ROLES)
def test_nobody_invites_above_themselves(acme, inviter, role):
    """For every pair of roles: an invitation is made exactly by who may invite and stands no lower."""
    row = seat(inviter, "inviter@acme.example")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {sessions.open_session(row.user).access_token}")
    answer = client.post("/api/v1/invitations", {"email": "bob@acme.example", "role": role})
    may = inviter in {Role.ADMIN, Role.OWNER} and SCOPES_OF_ROLE[role] <= SCOPES_OF_ROLE[inviter]
    assert answer.status_code == (201 if may else 403)


def test_a_narrow_key_invites_nobody_beyond_itself(acme):
    """A key that may only invite has no role to give."""
    narrow = client_of(acme, scopes={"invitations:write"})
    assert (
        narrow.post("/api/v1/invitations", {"email": "bob@acme.example", "role": "viewer"}).status_code == 403
    )


def demoted(row):
    members.change_role(row.pk, to=Role.MEMBER, by=members.authority_of_staff(row.user_id))


def lowered(row):
    members.change_role(row.pk, to=Role.ADMIN, by=members.authority_of_staff(row.user_id))


def removed(row):
    members.remove(row.pk, by=members.authority_of_staff(row.user_id))


def inactive(row):
    with platform():
        User.objects.filter(pk=row.user_id).update(is_active=False)


@pytest.mark.parametrize("lose", [demoted, lowered, removed, inactive])
def test_it_is_void_when_the_inviter_lost_the_right(acme, lose):
    """An owner invites an owner, and may not any more when the link is opened: it is void, and works again if they may."""
    row = seat(Role.OWNER, "boss@acme.example")
    _, token = invitations.invite_as(of_person(row), "bob@acme.example", role=Role.OWNER)
    lose(row)
    assert accept(token).status_code == 404
    assert not Membership.objects.filter(user__email="bob@acme.example").exists()


def test_it_is_void_when_the_key_that_made_it_ended(acme, api):
    """What a stolen key offered is worth nothing once the key is revoked."""
    made = invite(api)
    ApiKey.objects.update(revoked_at=timezone.now())
    assert accept(made["token"]).status_code == 404


def test_a_known_person_proves_who_they_are(acme, api):
    """Their own password seats them and stays theirs; another one is refused and changes nothing."""
    open_tenant("globex")
    made = invite(api, email="owner@globex.example")
    wrong = accept(made["token"])
    assert wrong.status_code == 401
    assert "known already" in wrong.json()["detail"]
    assert accept(made["token"], password="globex-password-1").status_code == 201
    assert as_platform(User, email="owner@globex.example").check_password("globex-password-1")
    assert Membership.objects.filter(user__email="owner@globex.example", role="member").exists()


@pytest.mark.parametrize("password", ["short", "password123", "1234567890123"])
def test_it_refuses_a_weak_password(acme, api, password):
    """A password that is easy to guess is told with its place, and the link stays good."""
    made = invite(api)
    answer = accept(made["token"], password=password)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/password"
    assert accept(made["token"]).status_code == 201


def test_who_is_but_a_name_gets_a_first_password(acme, api):
    """A person who was only written down, without seat, identity or right, chooses a password by the link."""
    without_password("bob@acme.example")
    assert accept(invite(api)["token"]).status_code == 201
    assert as_platform(User, email="bob@acme.example").check_password(NEW["password"])


@pytest.mark.parametrize("what", ["seat", "identity", "staff", "inactive"])
def test_nobody_takes_over_an_account_by_inviting_it(acme, api, what):
    """The inviter sees the link too: where anything hangs on a passwordless account, the link gives it no password."""
    person = without_password("bob@acme.example", is_staff=what == "staff", is_active=what != "inactive")
    if what == "seat":
        with tenant_context(open_tenant("globex")):
            Membership.objects.create(user=person, role=Role.OWNER)
    if what == "identity":
        with platform():
            person.identities.create(issuer="https://login.example.org", subject="1")
    assert accept(invite(api)["token"]).status_code == 403
    assert not as_platform(User, email="bob@acme.example").has_usable_password()
    assert not Membership.objects.filter(user=person).exists()


def test_a_key_of_staff_and_staff_themselves_invite_as_long_as_they_may(acme):
    """What staff offer in the admin holds while they are staff with that permission."""
    with platform():
        staff = User.objects.create_user("ada@miosa.example", is_staff=True, is_superuser=True)
    by = members.authority_of_staff(staff.pk)
    _, token = invitations.invite("bob@acme.example", role=Role.OWNER, by=by, invited_by_id=staff.pk)
    with platform():
        User.objects.filter(pk=staff.pk).update(is_superuser=False)
    assert accept(token).status_code == 404
    with platform():
        User.objects.filter(pk=staff.pk).update(is_superuser=True)
    assert accept(token).status_code == 201


def test_a_tenant_that_is_not_active_seats_nobody(acme, api):
    """Deactivating a tenant closes its invitations too."""
    made = invite(api)
    with platform():
        type(acme).objects.update(active=False)
    assert accept(made["token"]).status_code == 404


def test_the_seat_is_for_the_address_only(acme, api):
    """Another person cannot take a seat that was offered to somebody else."""
    made = invite(api)
    other = seat(Role.VIEWER, "eve@acme.example").user
    with pytest.raises(Void), invitations.opened(made["token"]) as (_, row):
        invitations.take(row, other)
    assert set(ALL) > SCOPES_OF_ROLE[Membership.objects.get(user=other).role]
