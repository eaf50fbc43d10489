"""Signing in with a password."""

from django.contrib.auth.hashers import check_password, make_password
from django_tenants.utils import tenant_context

from miosa.http.problem import Unauthenticated
from tenants import tokens
from tenants.models import Membership, Tenant, User


def sign_in(email: str, password: str, tenant: str) -> str:
    """Return an access token for a member of the tenant.

    Raises:
        Unauthenticated: wrong address, password or tenant; which of them is not told.
    """
    user = User.objects.filter(email=email.lower(), is_active=True).first()
    # A hash is computed for unknown people too: the time taken tells nothing.
    known = check_password(password, user.password) if user else bool(make_password(password)) and False
    row = Tenant.objects.filter(slug=tenant, active=True).first()
    if user and known and row:
        with tenant_context(row):
            if Membership.objects.filter(user=user).exists():
                return tokens.issue(user.pk, row.pk)
    raise Unauthenticated("E-mail address, password or tenant is wrong.")
