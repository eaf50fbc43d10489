"""Signing in with a password, and staying signed in with a refresh token."""

from collections.abc import Iterable

from django.contrib.auth.hashers import check_password, make_password
from django_tenants.utils import tenant_context

from miosa.http.problem import Unauthenticated
from tenants import sessions
from tenants.registry import person_by_email, tenant_by_id, tenant_by_slug
from tenants.sessions import Grant, RequestFacts


def sign_in(
    email: str,
    password: str,
    *,
    tenant: str,
    scopes: Iterable[str] | None = None,
    request_facts: RequestFacts | None = None,
) -> Grant:
    """Open a session of a member of the tenant (its slug); `scopes` narrow it.

    Raises:
        Unauthenticated: wrong address, password or tenant; which of them is not told.
        Forbidden: all of them are right, and the role lacks one of the scopes.
    """
    user = person_by_email(email)
    # A hash is computed for unknown people too: the time taken tells nothing.
    known = check_password(password, user.password) if user else bool(make_password(password)) and False
    row = tenant_by_slug(tenant)
    if user and user.is_active and known and row and row.active:
        try:
            with tenant_context(row):
                return sessions.open_session(user, scopes=scopes, request_facts=request_facts)
        except Unauthenticated:
            pass  # no member: the same answer as for everything else
    raise Unauthenticated("E-mail address, password or tenant is wrong.")


def stay_signed_in(refresh_token: str) -> Grant | None:
    """Trade a refresh token for the next one and a new access token; None where it is good for nothing.

    None and no exception: the token may have come back after its use, and what that ended has to be committed.
    """
    if (tenant_id := sessions.tenant_of(refresh_token)) is None:
        return None
    tenant = tenant_by_id(tenant_id)
    if tenant is None or not tenant.active:
        return None
    with tenant_context(tenant):
        return sessions.refresh(refresh_token)
