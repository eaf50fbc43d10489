"""Tables of who is asking."""

from tenants.models.api_key import ApiKey
from tenants.models.idempotent_request import IdempotentRequest
from tenants.models.membership import Membership, Role
from tenants.models.tenant import Domain, Tenant
from tenants.models.user import User

__all__ = ["ApiKey", "Domain", "IdempotentRequest", "Membership", "Role", "Tenant", "User"]
