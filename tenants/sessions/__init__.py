"""Who is signed in where: the only writer of Session and RefreshToken."""

from tenants.sessions.ending import end, end_all, end_here, forget_ended
from tenants.sessions.living import living, member
from tenants.sessions.opening import Grant, RequestFacts, facts_of, open_session
from tenants.sessions.refreshing import refresh, tenant_of

__all__ = [
    "Grant",
    "RequestFacts",
    "end",
    "end_all",
    "end_here",
    "facts_of",
    "forget_ended",
    "living",
    "member",
    "open_session",
    "refresh",
    "tenant_of",
]
