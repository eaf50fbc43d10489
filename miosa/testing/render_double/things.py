"""What there is at the double: services with their deploys, host names and lines; webhooks."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from miosa.testing.double_clock import written

FINAL = frozenset({"live", "deactivated", "build_failed", "update_failed", "pre_deploy_failed", "canceled"})


@dataclass
class Deploy:
    """`ends` is what becomes of it; a `stuck` one never finishes its build."""

    id: str
    trigger: str
    created: datetime
    commit: str = ""
    image: str = ""
    ends: str = "live"
    stuck: bool = False
    status: str = "created"
    started: datetime | None = None
    finished: datetime | None = None
    updated: datetime | None = None
    waits: bool = False  # in the queue, and in no list
    builds: bool = True
    shows_at: datetime | None = None

    def answer(self) -> dict[str, Any]:
        """Return it as the API gives it."""
        made_of: dict[str, Any] = (
            {"image": {"ref": self.image, "sha": f"sha256:{self.id}"}}
            if self.image
            else {"commit": {"id": self.commit, "message": "A change", "createdAt": written(self.created)}}
        )
        times = {
            "startedAt": self.started,
            "finishedAt": self.finished,
            "updatedAt": self.updated or self.created,
        }
        return {
            "id": self.id,
            "status": self.status,
            "trigger": self.trigger,
            "createdAt": written(self.created),
            **{name: written(at) for name, at in times.items() if at},
            **made_of,
        }


@dataclass
class Service:
    """`asked` is the body that made it, with every change since; `details` its serviceDetails."""

    id: str
    owner_id: str
    asked: dict[str, Any]
    details: dict[str, Any]
    created: datetime
    updated: datetime
    variables: dict[str, str] = field(default_factory=dict)
    suspended: bool = False
    deploys: list[Deploy] = field(default_factory=list)  # oldest first
    domains: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    shows_at: datetime | None = None

    @property
    def name(self) -> str:
        return str(self.asked["name"])

    @property
    def type(self) -> str:
        return str(self.asked["type"])

    @property
    def host(self) -> str:
        """Render's addresses are made of a slug, which is not always the name."""
        return f"{self.name[:40]}-{self.id[-4:]}.onrender.com"

    def answer(self) -> dict[str, Any]:
        """Return it as the API gives it."""
        image = self.asked.get("image") or {}
        source = {"imagePath": image["imagePath"]} if image else {"repo": self.asked.get("repo", "")}
        return {
            "id": self.id,
            "name": self.name,
            "ownerId": self.owner_id,
            "type": self.type,
            "slug": self.host.split(".", maxsplit=1)[0],
            "autoDeploy": self.asked.get("autoDeploy", "yes"),
            "branch": self.asked.get("branch", "" if image else "main"),
            "rootDir": self.asked.get("rootDir", ""),
            "notifyOnFail": "default",
            "createdAt": written(self.created),
            "updatedAt": written(self.updated),
            "dashboardUrl": f"https://dashboard.render.com/web/{self.id}",
            "suspended": "suspended" if self.suspended else "not_suspended",
            "suspenders": ["user"] if self.suspended else [],
            "serviceDetails": self.details,
            **source,
        }


@dataclass
class Webhook:
    """Where events are sent to, signed with `secret`."""

    id: str
    owner_id: str
    name: str
    url: str
    secret: str
    enabled: bool
    filter: list[str]
    sent: list[dict[str, Any]] = field(default_factory=list)

    def answer(self) -> dict[str, Any]:
        """Return it as the API gives it."""
        return {
            "id": self.id,
            "name": self.name,
            "url": self.url,
            "secret": self.secret,
            "enabled": self.enabled,
            "eventFilter": self.filter,
        }
