"""The way out to addresses that users choose: webhooks, tools, deployments. Nothing else may call them.

`deciding` (where to, and what follows a redirect), `addresses` (which addresses are the public internet's) and
`body` (how much comes back) are pure; `transport` and `async_transport` are twins that act on what they decide.
"""

from miosa.http.guarded.async_transport import AsyncGuardedTransport, open_async_client
from miosa.http.guarded.errors import BodyTooLarge, OutgoingRefused, TookTooLong
from miosa.http.guarded.rules import Rules
from miosa.http.guarded.transport import GuardedTransport, open_client

__all__ = [
    "AsyncGuardedTransport",
    "BodyTooLarge",
    "GuardedTransport",
    "OutgoingRefused",
    "Rules",
    "TookTooLong",
    "open_async_client",
    "open_client",
]
