"""Inviting and accepting, as tests do it."""

from rest_framework.test import APIClient

from miosa.pg.platform import platform
from tenants.models import Membership, User
from tenants.principal import Principal
from tenants.scopes import SCOPES_OF_ROLE

NEW = {"name": "Bob", "password": "bob-is-a-new-member"}


def invite(api, email="bob@acme.example", role="member"):
    answer = api.post("/api/v1/invitations", {"email": email, "role": role})
    assert answer.status_code == 201, answer.content
    return answer.json()


def accept(token, **values):
    return APIClient().post("/api/v1/invitations/acceptances", NEW | {"token": token} | values)


def seat(role, email):
    person = User.objects.create_user(email, "a-password-of-mine")
    return Membership.objects.create(user=person, role=role)


def of_person(row):
    return Principal(tenant_id=row.tenant_id, scopes=SCOPES_OF_ROLE[row.role], user_id=row.user_id)


def without_password(email, **fields):
    with platform():
        return User.objects.create_user(email, **fields)
