"""From a credential to a principal inside its tenant."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django_tenants.utils import tenant_context
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from miosa.http.problem import Problem, Unauthenticated
from tenants import api_keys, tokens
from tenants.models import Membership, Tenant
from tenants.principal import Principal
from tenants.scopes import SCOPES_OF_ROLE


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


def _tenant(tenant_id: UUID) -> Tenant:
    tenant = Tenant.objects.filter(pk=tenant_id, active=True).first()
    if tenant is None:
        raise Unauthenticated("The credential is unknown, revoked or expired.")
    return tenant


def _member(claims: tokens.Claims) -> Principal:
    membership = (
        Membership.objects.filter(user_id=claims.user_id, user__is_active=True)
        .only("role", "user_id")
        .first()
    )
    if membership is None:
        raise Unauthenticated("The access token is not valid, or no longer.")
    return Principal(
        tenant_id=claims.tenant_id, scopes=SCOPES_OF_ROLE[membership.role], user_id=claims.user_id
    )


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
