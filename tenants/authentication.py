"""From a credential to a principal inside its tenant."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.utils import timezone
from django_tenants.utils import tenant_context
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from miosa.http.problem import Problem, Unauthenticated
from tenants import api_keys, sessions, tokens
from tenants.delegation import effective
from tenants.key_lineage import lineage_of
from tenants.models import Tenant
from tenants.principal import Principal
from tenants.registry import tenant_by_id


@contextmanager
def entered(authorization: str) -> Iterator[Principal]:
    """Enter the tenant of an Authorization header and yield who is asking.

    Raises:
        Unauthenticated: the header is absent or its credential is not valid.
    """
    scheme, _, credential = authorization.partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential:
        raise Unauthenticated("Send `Authorization: Bearer <API key or access token>`.")
    if api_keys.is_key(credential):
        with tenant_context(_tenant(api_keys.tenant_of(credential))):
            yield api_keys.resolve(credential)
        return
    claims = tokens.read(credential)
    with tenant_context(_tenant(claims.tenant_id)):
        yield _member(claims)


def still_in(principal: Principal, scope: str) -> bool:
    """Tell whether somebody who was let in still is, for what goes on after the request: an open stream."""
    tenant = tenant_by_id(principal.tenant_id)
    if tenant is None or not tenant.active:
        return False
    with tenant_context(tenant):
        if principal.key_id:
            limits = effective(lineage_of(principal.key_id), now=timezone.now())
            return limits is not None and scope in limits.scopes
        if principal.session_id and principal.user_id:
            now_ = sessions.member(principal.session_id, principal.user_id)
            return now_ is not None and now_.may(scope)
    return False


def _tenant(tenant_id: UUID) -> Tenant:
    tenant = tenant_by_id(tenant_id)
    if tenant is None or not tenant.active:
        raise Unauthenticated("The credential is unknown, revoked or expired.")
    return tenant


def _member(claims: tokens.Claims) -> Principal:
    principal = sessions.member(claims.session_id, claims.user_id)
    if principal is None:
        raise Unauthenticated(tokens.REFUSED)
    return principal


class CredentialAuthentication(BaseAuthentication):
    """DRF's door to what the middleware found out."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        refusal: Problem | None = getattr(request._request, "credential_refusal", None)
        if refusal:
            raise refusal
        principal = getattr(request._request, "principal", None)
        return (principal, None) if principal else None

    def authenticate_header(self, _request: Request) -> str:
        return 'Bearer realm="miosa"'
