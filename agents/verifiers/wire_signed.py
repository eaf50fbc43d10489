"""Webhooks that a client has to tell apart: genuine ones as usual services sign them, and those that are not."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import NamedTuple

from agents.text.wire_job import SLACK_TIME, Job

SECRET, BODY = "hush-7f3a", '{"id": 7}'
OLD_S = 3600


class Case(NamedTuple):
    """One webhook as it comes in, and whether it is genuine."""

    name: str
    body: str
    headers: Mapping[str, str]
    genuine: bool


def cases(job: Job, *, now: int) -> list[Case]:
    """Return what `signed` is asked of a job with signed webhooks; `now` is the time in seconds."""
    good, other = _headers(job, SECRET, now), _headers(job, "other", now)
    timed = job.signing in {"stripe", "slack"}
    lower = {name.lower(): value for name, value in _as_well(job, good, other).items()}
    return [
        Case("a genuine one", BODY, good, genuine=True),
        Case("a genuine one in lower case, written otherwise", BODY, lower, genuine=True),
        Case("a changed body", f"{BODY} ", good, genuine=False),
        Case("another secret", BODY, other, genuine=False),
        Case("an empty signature", BODY, {**good, job.signature: ""}, genuine=False),
        Case("no signature", BODY, {}, genuine=False),
        *([Case("an old one", BODY, _headers(job, SECRET, now - OLD_S), genuine=False)] if timed else []),
    ]


def _headers(job: Job, secret: str, at: int) -> dict[str, str]:
    match job.signing:
        case "stripe":
            return {job.signature: f"t={at},v1={_digest(secret, f'{at}.{BODY}').hex()}"}
        case "slack":
            return {
                job.signature: f"v0={_digest(secret, f'v0:{at}:{BODY}').hex()}", SLACK_TIME: str(at),
            }  # fmt: skip
        case "base64":
            return {job.signature: base64.b64encode(_digest(secret, BODY)).decode()}
    return {job.signature: _digest(secret, BODY).hex()}


def _as_well(job: Job, good: Mapping[str, str], other: Mapping[str, str]) -> Mapping[str, str]:
    """The other way in which a service may write the same: `sha256=`, or the signature of an older secret before it."""
    said, also = good[job.signature], other[job.signature]
    if job.signing == "hex":
        return {**good, job.signature: f"sha256={said}"}
    if job.signing == "stripe":
        at, mine = said.split(",")
        return {**good, job.signature: f"{at},{also.split(',')[1]},{mine}"}
    return good


def _digest(secret: str, text: str) -> bytes:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
