"""Where a table wants more than its fields say: values that its constraints ask for, and rows that one writer makes."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from agents.memory.embedding import model_in_use
from agents.models.memory_vector import DIMENSIONS
from billing.models import LedgerEntry
from billing.plans import DEFAULT_PLAN
from deployments import variables
from deployments.models import Project
from miosa.doctor.attack import Subject
from routing import board
from tenants import api_keys, audit, vault
from tenants.models import ApiKey, AuditEntry, Membership, StoredSecret
from tenants.scopes import ALL

AGENT = "communication"
VARIABLE = "DOCTOR"
FILE = "doctor.txt"


def _later(_subject: Subject) -> datetime:
    return timezone.now() + timedelta(days=1)


def _now(_subject: Subject) -> datetime:
    return timezone.now()


def _model(_subject: Subject) -> str:
    return board.catalog().models[0].id


def _sha256(subject: Subject) -> str:
    return hashlib.sha256(subject.canary.encode()).hexdigest()


def _today(_subject: Subject) -> date:
    return timezone.now().date()


def _sha256_bytes(subject: Subject) -> bytes:
    return hashlib.sha256(subject.canary.encode()).digest()


def _bytes(subject: Subject) -> bytes:
    return subject.canary.encode()


def _manifest(subject: Subject) -> list[dict[str, Any]]:
    content = _bytes(subject)
    return [{"path": FILE, "digest": _sha256(subject), "size": len(content), "executable": False}]


def _slug(subject: Subject) -> str:
    return f"doctor-{_sha256(subject)[:16]}"


def _vector(_subject: Subject) -> list[float]:
    """A direction of its own, of unit length."""
    drawn = [secrets.randbelow(2001) / 1000 - 1 for _ in range(DIMENSIONS)]
    length = sum(number * number for number in drawn) ** 0.5
    return [number / length for number in drawn]


def _memory_model(_subject: Subject) -> str:
    return model_in_use()


# By label of the model, then by field; a function is given the subject. Everything here has ended, is settled and
# studied: no job of the platform may find work in it.
VALUES: Mapping[str, Mapping[str, Any]] = {
    "agents.execution": {"state": "completed", "finished": _now, "requested_by": "user:doctor"},
    "agents.step": {"state": "completed", "success": True, "agent": AGENT, "model": _model, "finished": _now},
    "agents.artefact": {"path": FILE, "digest": _sha256, "number": 1, "origin": "person"},
    "agents.toolrule": {"tool": _slug, "decision": "deny"},
    "agents.tooluse": {"state": "done", "finished": _now},
    "agents.mcpserver": {"name": _slug, "enabled": False, "tools": []},
    "agents.memory": {"agent": AGENT, "importance": 0.5, "expires": None},
    "agents.memoryvector": {"model": _memory_model, "dimensions": DIMENSIONS, "pattern": _vector},
    "agents.lesson": {"state": "studied", "agent": AGENT},
    "agents.schedule": {
        "cron": "",
        "interval_s": 3600,
        "enabled": False,
        "next_due": None,
        "timezone": "UTC",
    },
    "agents.schedulefiring": {"state": "missed", "execution_id": None, "due": _now},
    "agents.proposal": {
        "state": "refused",
        "agent": AGENT,
        "kind": "prompt",
        "due": None,
        "share": 0,
        "ended": _now,
    },
    "agents.proposaltrial": {"difference": 0, "verdict": "tie"},
    "billing.budget": {"spent_micros": 0, "reserved_micros": 0, "executions_used": 0},
    "billing.grant": {"kind": "prepaid", "effective": _now, "created": _now, "expires": None},
    "billing.ledgerentry": {
        "meter": "grant",
        "cost_micros": 0,
        **dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens", "reverses_id")),
    },
    "billing.posting": {
        "debit": "prepaid",
        "credit": "credits",
        "created": lambda one: one.rows[LedgerEntry].created,
    },
    "billing.spendalert": {"kind": "amount", "level": 5},
    "billing.agreement": {"term": "seats", "value": 900, "expires": None},
    "billing.spendwarning": {"kind": "amount", "mailed": _now},
    "billing.reservation": {"state": "settled", "lease_until": _later},
    "billing.subscription": {"plan": DEFAULT_PLAN},
    "billing.billingaccount": {"standing": "none", "subscription": "", "unpaid_since": None},
    "billing.standingchange": {"before": "none", "after": "none", "mailed": _now, "until": None},
    "billing.daybudget": {"day": _today, "spent_micros": 0, "reserved_micros": 0},
    "billing.stripecall": {"state": "answered", "finished": _now},
    "billing.meterevent": {"state": "sent", "micros": 0, "sent": _now, "next_try": None},
    "billing.usagetotell": {"micros": 0, "moment": _later},
    "deployments.filecontent": {
        "digest": _sha256,
        "content": _bytes,
        "size_bytes": lambda one: len(_bytes(one)),
    },
    "deployments.fileversion": {"path": FILE, "digest": _sha256, "number": 1},
    "deployments.release": {"checksum": _sha256, "manifest": _manifest, "recipe": {"kind": "static"}},
    "deployments.service": {"state": "destroyed", "target": "local", "check_after": None, "domains": []},
    "deployments.deployment": {"state": "failed", "finished": _now, "run_after": None, "percent": 0},
    "deployments.approval": {"state": "rejected", "decided": _now, "digest": _sha256, "expires": _later},
    "deployments.approvalpolicy": {
        "kind": "tool",
        "tool_kinds": ["deletes"],
        "environments": [],
        "above_micros": None,
        "waits_s": 3600,
    },
    "routing.decision": {"model": _model, "ranked": []},
    "routing.modelcall": {"model": _model, "winner": True, "cost_micros": 0},
    "routing.outcome": {"model": _model, "success": True, "verdict": 1, "credit": 1, "counts": 1},
    "routing.feedback": {"value": 1},
    "routing.judgement": {"state": "judged", "score": 1},
    "routing.cachedanswer": {
        "digest": _sha256_bytes,
        "frame": _sha256_bytes,
        "pattern": None,
        "expires": _later,
    },
    "routing.exchange": {"expires": _later, "redacted": False},
    "routing.keypolicy": {"key_id": None, "allowed_models": [], "cache": "off", "cache_threshold": 0.97},
    "routing.policy": {"weights": None, "most_explored": 0, "judge_share": 0},
    "routing.promotion": {"kind": "evaluation", "reverts": None, "discount": None, "since": None},
    "tenants.idempotentrequest": {"route": "/api/v1/tasks", "status": 202},
    "tenants.invitation": {"expires_at": _later},
    "tenants.session": {"expires_at": _later, "scopes": None},
}


def _membership(subject: Subject) -> Membership:
    """The one that was made with the tenant."""
    row: Membership = Membership.objects.get(user=subject.person)
    return row


def _api_key(subject: Subject) -> ApiKey:
    row, plain = api_keys.make(subject.canary, scopes=ALL, created_by_id=subject.person.pk)
    # Just used: being used again does not write.
    ApiKey.objects.filter(pk=row.pk).update(last_used_at=timezone.now())
    subject.credentials["api_key"] = plain
    return row


def _audit_entry(subject: Subject) -> AuditEntry:
    told = {"canary": subject.canary, "count": subject.number}
    return audit.record(
        "doctor.visited", actor="system", object_type="doctor", object_id=subject.canary, after=told
    )


def _project(subject: Subject) -> Project:
    """One that is put away, so that no job finds work in it; with a variable, which its rows alone do not show."""
    row: Project = Project.objects.create(
        slug=_slug(subject),
        name=subject.canary,
        description=subject.canary,
        settings={"canary": subject.canary},
        created_by=subject.canary,
        archived=timezone.now(),
    )
    variables.put(row, {VARIABLE: subject.canary}, actor="system")
    return row


def _secret(subject: Subject) -> StoredSecret:
    return vault.put(f"provider/{subject.canary}", subject.canary, actor="system")


MAKERS: Mapping[str, Callable[[Subject], Any]] = {
    "deployments.project": _project,
    "tenants.membership": _membership,
    "tenants.apikey": _api_key,
    "tenants.auditentry": _audit_entry,
    "tenants.storedsecret": _secret,
}
