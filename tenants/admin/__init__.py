"""The admin's pages of tenants, people and their keys."""

from tenants.admin.keys import ApiKeyAdmin
from tenants.admin.people import GroupAdmin, MembershipAdmin, UserAdmin
from tenants.admin.registry import DomainAdmin, TenantAdmin

__all__ = ["ApiKeyAdmin", "DomainAdmin", "GroupAdmin", "MembershipAdmin", "TenantAdmin", "UserAdmin"]
