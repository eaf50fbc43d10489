"""States in their colours, and who asked, alike on every page of deployments."""

from typing import Any

from django.utils.safestring import SafeString

from miosa.pages.cells import badge

_LOOKS = {
    "live": "active", "failed": "failed", "building": "running", "releasing": "running", "queued": "queued",
    "canceled": "", "superseded": "",
    "active": "active", "suspended": "waiting", "destroyed": "",
    "healthy": "active", "unhealthy": "failed", "unknown": "",
    "pending": "pending", "approved": "active", "rejected": "failed", "expired": "",
}  # fmt: skip
_KINDS = {
    "user": "a person",
    "key": "an API key",
    "agent": "the agent",
    "staff": "staff",
    "system": "MIOSA itself",
}


def state(value: str, *, hint: str = "") -> SafeString:
    """A state of a deployment, a service, its health or an approval."""
    return badge(_LOOKS.get(value, ""), text=value.replace("_", " "), hint=hint)


def who(actor: str) -> str:
    """Who asked, in words: `agent:deployment` becomes `the agent deployment`."""
    kind, _, name = actor.partition(":")
    told = _KINDS.get(kind, kind)
    return f"{told} {name}".strip() if kind == "agent" else told


def release_of(row: Any) -> str:
    """A deployment's release, and whether it is a way back."""
    return f"release {row.release.number}" + (" (rollback)" if row.kind == "rollback" else "")
