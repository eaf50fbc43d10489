"""Webhooks sent as Render sends them: signed as Standard Webhooks; on demand twice, shuffled, late or stale."""

import base64
import hashlib
import hmac
import json
import random
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from miosa.testing.double_clock import written
from miosa.testing.render_double.things import Webhook
from miosa.testing.render_double.world import World

TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Letter:
    """One event on its way to one webhook."""

    hook: Webhook
    event: dict[str, Any]


class Delivery:
    """Keeps events until `flush`, so that a test decides about order and number."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.waiting: list[Letter] = []
        world.listeners.append(self._keep)

    def flush(self, *, copies: int = 1, seed: int | None = None, late_s: float = 0.0) -> list[int]:
        """Send what waits, each `copies` times, shuffled by `seed`, stamped `late_s` ago; return the statuses."""
        letters, self.waiting = self.waiting * copies, []
        if seed is not None:
            random.Random(seed).shuffle(letters)
        return [self._send(letter, late_s) for letter in letters]

    def _keep(self, event: dict[str, Any]) -> None:
        owner = self._world.services[event["serviceId"]].owner_id
        self.waiting += [
            Letter(hook, event)
            for hook in self._world.webhooks.values()
            if hook.enabled and hook.owner_id == owner and event["type"] in (hook.filter or [event["type"]])
        ]

    def _send(self, letter: Letter, late_s: float) -> int:
        event, at = letter.event, int(self._world.clock.now().timestamp() - late_s)
        data = {"id": event["id"], "serviceId": event["serviceId"]}
        body = json.dumps({"type": event["type"], "timestamp": event["timestamp"], "data": data}).encode()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event["id"],
            "webhook-timestamp": str(at),
            "webhook-signature": f"v1,{signature(letter.hook.secret, event['id'], at, body)}",
        }
        status = _posted(letter.hook.url, body, headers)
        letter.hook.sent.append({
            "id": self._world.id("whe"),
            "eventId": event["id"],
            "eventType": event["type"],
            "sentAt": written(self._world.clock.now()),
            "statusCode": status,
        })  # fmt: skip
        return status


def signature(secret: str, message_id: str, at: int, body: bytes) -> str:
    """Return the signature of a message, as the standard says."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return base64.b64encode(hmac.digest(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256)).decode()


def _posted(url: str, body: bytes, headers: dict[str, str]) -> int:
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
