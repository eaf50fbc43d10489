"""Where a table wants more than its fields say: values that its constraints ask for, and rows that one writer makes."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from billing.plans import DEFAULT_PLAN
from miosa.doctor.attack import Subject
from routing import board
from tenants import api_keys, audit, vault
from tenants.models import ApiKey, AuditEntry, Membership, StoredSecret
from tenants.scopes import ALL

AGENT = "communication"


def _later(_subject: Subject) -> datetime:
    return timezone.now() + timedelta(days=1)


def _now(_subject: Subject) -> datetime:
    return timezone.now()


def _model(_subject: Subject) -> str:
    return board.catalog().models[0].id


# By label of the model, then by field; a function is given the subject. Everything here has ended, is settled and
# studied: no job of the platform may find work in it.
VALUES: Mapping[str, Mapping[str, Any]] = {
    "agents.execution": {"state": "completed", "finished": _now, "requested_by": "user:doctor"},
    "agents.step": {"state": "completed", "success": True, "agent": AGENT, "model": _model, "finished": _now},
    "agents.memory": {"agent": AGENT},
    "agents.lesson": {"state": "studied", "agent": AGENT},
    "billing.budget": {"spent_micros": 0, "reserved_micros": 0, "executions_used": 0},
    "billing.ledgerentry": {"meter": "tokens", "cost_micros": 0},
    "billing.reservation": {"state": "settled", "lease_until": _later},
    "billing.subscription": {"plan": DEFAULT_PLAN},
    "routing.decision": {"model": _model, "ranked": []},
    "routing.modelcall": {"model": _model, "winner": True, "cost_micros": 0},
    "routing.outcome": {"model": _model, "success": True, "verdict": 1, "credit": 1, "counts": 1},
    "routing.feedback": {"value": 1},
    "routing.judgement": {"state": "judged", "score": 1},
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


def _secret(subject: Subject) -> StoredSecret:
    return vault.put(f"provider/{subject.canary}", subject.canary, actor="system")


MAKERS: Mapping[str, Callable[[Subject], Any]] = {
    "tenants.membership": _membership,
    "tenants.apikey": _api_key,
    "tenants.auditentry": _audit_entry,
    "tenants.storedsecret": _secret,
}
