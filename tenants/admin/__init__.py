"""The admin's pages of tenants, people and their keys."""

from tenants.admin.audit import AuditEntryAdmin, PlatformAuditEntryAdmin
from tenants.admin.invitations import InvitationAdmin
from tenants.admin.keys import ApiKeyAdmin
from tenants.admin.people import GroupAdmin, MembershipAdmin, UserAdmin
from tenants.admin.registry import DomainAdmin, TenantAdmin
from tenants.admin.sessions import SessionAdmin
from tenants.admin.signing_keys import SigningKeyAdmin
from tenants.admin.stored_secrets import StoredSecretAdmin

__all__ = [
    "ApiKeyAdmin",
    "AuditEntryAdmin",
    "DomainAdmin",
    "GroupAdmin",
    "InvitationAdmin",
    "MembershipAdmin",
    "PlatformAuditEntryAdmin",
    "SessionAdmin",
    "SigningKeyAdmin",
    "StoredSecretAdmin",
    "TenantAdmin",
    "UserAdmin",
]
