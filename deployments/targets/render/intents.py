"""The memory of what was begun, kept at Render itself; pure.

Render has no idempotency key, and a deploy carries nothing of ours. So, before a deploy is triggered, its key and the
newest deploy that was there (`after`) are written into a variable of the service. Whoever comes back with the key reads
them: the first deploy of the right trigger after `after`, and not after the next intent's, is the one that was made.
Order is the order of Render's own list, ages are by Render's own clock: a skew of ours changes nothing.

What that guarantees: one deploy for a key, if a deploy that Render accepted shows in its list within `SETTLE_S`;
a key that shows none is not sent again before. What it cannot: tell ours from a deploy that another program started
by the API on the same service in the same moment, with the same commit; or remember once the variable was wiped
there by hand. Both end with one deploy too many of the same release, never with a second service.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import takewhile
from typing import Any

VARIABLE = "MIOSA_DEPLOYMENTS"
SETTLE_S = 20.0
REMEMBERED = 8
API, ROLLBACK = "api", "rollback"

# Triggers that are certainly not ours; an unknown one may be.
OTHERS = frozenset({
    "blueprint_sync",
    "deploy_hook",
    "deployed_by_render",
    "manual",
    "new_commit",
    "service_resumed",
    "service_updated",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Intent:
    """A deployment that was begun: `after` is the newest deploy before it ("" for none), `at` Render's time."""

    key: str
    after: str
    at: float
    how: str = API
    wanted: str = ""  # the commit or image asked for, "" where the branch decides
    queued: bool = False  # Render took it without giving an id (202)


@dataclass(frozen=True, slots=True)
class Memory:
    """What a service remembers: whose it is, and its latest intents, newest first."""

    service: str
    intents: tuple[Intent, ...] = ()

    def of(self, key: str) -> Intent | None:
        """Return the intent of a key."""
        return next((intent for intent in self.intents if intent.key == key), None)

    def newest(self) -> Intent | None:
        """Return what was begun last."""
        return self.intents[0] if self.intents else None

    def remembering(self, intent: Intent) -> "Memory":
        """Return it with one more; the same key again takes its own place."""
        others = tuple(known for known in self.intents if known.key != intent.key)
        return replace(self, intents=(intent, *others)[:REMEMBERED])

    def text(self) -> str:
        """Return it as the value of the variable."""
        content = {"service": self.service, "intents": [asdict(intent) for intent in self.intents]}
        return json.dumps(content, separators=(",", ":"))


def memory_of(variables: Mapping[str, str]) -> Memory | None:
    """Return what the variables of a service remember, None where they hold nothing of ours."""
    try:
        content = json.loads(variables[VARIABLE])
        return Memory(str(content["service"]), tuple(Intent(**intent) for intent in content["intents"]))
    except (KeyError, ValueError, TypeError):
        return None


def deploy_of(memory: Memory, key: str, deploys: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the deploy that the intent of `key` made; `deploys` are the service's, newest first."""
    intent = memory.of(key)
    if intent is None:
        return None
    since = list(takewhile(lambda deploy: deploy["id"] != intent.after, deploys))[::-1]
    position = memory.intents.index(intent)
    if position:
        since = _up_to(since, memory.intents[position - 1].after)
    return next((deploy for deploy in since if _is_made_by(intent, deploy)), None)


def _up_to(deploys: list[Mapping[str, Any]], last: str) -> list[Mapping[str, Any]]:
    """Cut a list, oldest first, behind a deploy; without that deploy nothing is left."""
    ids = [deploy["id"] for deploy in deploys]
    return deploys[: ids.index(last) + 1] if last in ids else []


def _is_made_by(intent: Intent, deploy: Mapping[str, Any]) -> bool:
    trigger = str(deploy.get("trigger", ""))
    if intent.how == ROLLBACK:
        return trigger == ROLLBACK
    if trigger == ROLLBACK or (intent.after and trigger in OTHERS):
        return False  # the first deploy of a service is its creation's, whatever its trigger is called
    made_of = (deploy.get("commit") or {}).get("id") or (deploy.get("image") or {}).get("ref") or ""
    return not intent.wanted or not made_of or made_of == intent.wanted
