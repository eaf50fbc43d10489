"""Render's webhooks: verified as Standard Webhooks over the raw body, then parsed; pure.

A webhook is a hint that a service should be looked at: it may come twice, late, and in any order. `Event.id` names
the event, so that one that came already can be told.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deployments.targets.render.statuses import moment

TOLERANCE_S = 300.0
PLAIN_SECONDS = re.compile(r"[0-9]{1,12}")
SECRET_PREFIX = "whsec_"  # noqa: S105  (what a secret begins with)
VERSION = "v1"
LOOK_AFTER = ("deploy_", "build_", "pre_deploy_", "server_", "service_", "image_pull_failed", "cron_job_run_")


class WebhookRefused(Exception):  # noqa: N818  (it is what the sender is told)
    """The webhook is not from Render, was altered, or is too old to be sure."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a webhook says. `status` is Render's word or empty; `at` seconds since the epoch."""

    id: str
    type: str
    service_id: str
    at: float | None = None
    status: str = ""

    @property
    def is_worth_a_look(self) -> bool:
        """Whether the state of a deployment may have changed; an unknown type of event is not refused."""
        return bool(self.service_id) and self.type.startswith(LOOK_AFTER)


def received(body: bytes, headers: Mapping[str, str], secrets: Iterable[str], *, now: float) -> Event:
    """Return the event of a webhook whose signature fits one of the secrets. Raises WebhookRefused."""
    named = {name.lower(): value for name, value in headers.items()}
    verify(body, named, secrets, now=now)
    try:
        content: Any = json.loads(body)
        data = content["data"]
        return Event(
            id=str(data["id"]),
            type=str(content["type"]),
            service_id=str(data.get("serviceId", "")),
            at=moment(content.get("timestamp")),
            status=str(data.get("status", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WebhookRefused("the webhook is signed but not understood") from error


def verify(body: bytes, headers: Mapping[str, str], secrets: Iterable[str], *, now: float) -> None:
    """Raise WebhookRefused unless one of the signatures is by one of the secrets, and is not old.

    `headers` have lower-case names. Several secrets are for a change of the secret.
    """
    message_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not PLAIN_SECONDS.fullmatch(sent_at):
        raise WebhookRefused("the webhook's id or timestamp is missing")
    if abs(now - int(sent_at)) > TOLERANCE_S:
        raise WebhookRefused("the webhook's timestamp is more than five minutes from now; check the clock")
    given = [part.partition(",") for part in headers.get("webhook-signature", "").split()]
    signatures = [signature for version, _, signature in given if version == VERSION]
    signed = f"{message_id}.{sent_at}.".encode() + body
    right = [sign(signed, secret) for secret in secrets if secret.removeprefix(SECRET_PREFIX)]
    if not any(hmac.compare_digest(one.encode(), other.encode()) for one in signatures for other in right):
        raise WebhookRefused("the webhook's signature is not by RENDER_WEBHOOK_SECRET")


def sign(signed: bytes, secret: str) -> str:
    """Return the signature in base 64; a secret is base 64 too, with or without its prefix."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = secret.encode()
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
