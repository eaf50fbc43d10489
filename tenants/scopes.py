"""The scopes a credential may carry, and the scopes each role has."""

from tenants.models.membership import Role

READ = frozenset(
    {
        "agents:read",
        "executions:read",
        "decisions:read",
        "models:read",
        "usage:read",
        "memories:read",
        "projects:read",
        "deployments:read",
        "sandboxes:read",
        "tools:read",
        "schedules:read",
    }
)
OWN = frozenset({"sessions:read", "sessions:write"})  # where one is signed in oneself
WORK = READ | {
    "models:use",
    "tasks:write",
    "executions:write",
    "feedback:write",
    "memories:write",
    "projects:write",
    "deployments:write",
    "sandboxes:write",
    "schedules:write",
}
ADMINISTER = WORK | {
    "api-keys:read",
    "api-keys:write",
    "members:read",
    "members:write",
    "invitations:read",
    "invitations:write",
    "audit:read",
    "agents:write",
    "secrets:read",
    "secrets:write",
    "routing:read",
    "routing:write",
    "deployments:approve",
    "tools:write",
}
ALL = ADMINISTER | OWN | {"billing:write", "tenant:write"}

SCOPES_OF_ROLE: dict[str, frozenset[str]] = {
    Role.VIEWER: READ | OWN,
    Role.MEMBER: WORK | OWN,
    Role.ADMIN: ADMINISTER | OWN,
    Role.OWNER: ALL,
}
