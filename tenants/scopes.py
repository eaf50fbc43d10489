"""The scopes a credential may carry, and the scopes each role has."""

from tenants.models.membership import Role

READ = frozenset(
    {"agents:read", "executions:read", "decisions:read", "models:read", "usage:read", "memory:read"}
)
WORK = READ | {"tasks:write", "executions:write", "feedback:write"}
ADMINISTER = WORK | {"api-keys:read", "api-keys:write", "members:read", "members:write"}
ALL = ADMINISTER | {"billing:write", "tenant:write"}

SCOPES_OF_ROLE: dict[str, frozenset[str]] = {
    Role.VIEWER: READ,
    Role.MEMBER: WORK,
    Role.ADMIN: ADMINISTER,
    Role.OWNER: ALL,
}
