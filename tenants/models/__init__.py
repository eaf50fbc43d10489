"""Tables of who is asking."""

from tenants.models.api_key import ApiKey
from tenants.models.audit_entry import AuditEntry, PlatformAuditEntry
from tenants.models.erasure_receipt import ErasureReceipt
from tenants.models.idempotent_request import IdempotentRequest
from tenants.models.identity import Identity
from tenants.models.invitation import Invitation
from tenants.models.membership import Membership, Role
from tenants.models.second_factor import Authenticator, RecoveryCode
from tenants.models.session import RefreshToken, Session
from tenants.models.signing_key import SigningKey
from tenants.models.stored_secret import StoredSecret
from tenants.models.tenant import Domain, Tenant
from tenants.models.user import User

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Authenticator",
    "Domain",
    "ErasureReceipt",
    "IdempotentRequest",
    "Identity",
    "Invitation",
    "Membership",
    "PlatformAuditEntry",
    "RecoveryCode",
    "RefreshToken",
    "Role",
    "Session",
    "SigningKey",
    "StoredSecret",
    "Tenant",
    "User",
]
