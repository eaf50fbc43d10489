"""Answers that are given again, behind the wall of the tenant that paid for them; the only writer of CachedAnswer and Exchange.

Whether another tenant asked the same is nothing that can be looked for: the tenant is part of each row's key, and the
database's row security shows no others.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Sum
from django.utils import timezone

from routing.models import CachedAnswer, Exchange
from tenants import audit
from tenants.owned import current_tenant_id
from tenants.places import in_each_place

MOST_ROWS = 20_000  # of a tenant; the oldest make room

# One statement finds, counts the hit and returns: nearest first, and only of the very same frame.
EXACT = """
UPDATE routing_cachedanswer SET hits = hits + 1
WHERE tenant_id = %(tenant)s AND digest = %(digest)s AND expires > now()
RETURNING answer, model, provider, tokens, cost_micros, 1.0"""
NEAR = """
WITH nearest AS (
  SELECT id, 1 - (pattern <=> %(pattern)s::halfvec) AS likeness FROM routing_cachedanswer
  WHERE tenant_id = %(tenant)s AND frame = %(frame)s AND expires > now() AND pattern IS NOT NULL
  ORDER BY pattern <=> %(pattern)s::halfvec LIMIT 1)
UPDATE routing_cachedanswer c SET hits = c.hits + 1 FROM nearest
WHERE c.id = nearest.id AND nearest.likeness >= %(threshold)s
RETURNING c.answer, c.model, c.provider, c.tokens, c.cost_micros, nearest.likeness"""
SWEEP = """
WITH old AS (DELETE FROM routing_cachedanswer WHERE expires < now() RETURNING 1),
gone AS (DELETE FROM routing_exchange WHERE expires < now() RETURNING 1)
SELECT (SELECT count(*) FROM old) + (SELECT count(*) FROM gone)"""
CROWDED = """
DELETE FROM routing_cachedanswer WHERE tenant_id = %(tenant)s AND id IN (
  SELECT id FROM routing_cachedanswer WHERE tenant_id = %(tenant)s ORDER BY created DESC OFFSET %(most)s)"""


@dataclass(frozen=True, slots=True)
class Question:
    """A question by its hashes. `pattern` is the embedding of its last words, where likeness counts."""

    digest: bytes
    frame: bytes
    pattern: Sequence[float] | None = None
    threshold: float = 1.0


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer from the cache. `likeness` is 1 for the very same question."""

    answer: dict[str, Any]
    model: str
    provider: str
    tokens: int
    cost_micros: int
    likeness: float


def find(question: Question) -> Hit | None:
    """Return the current tenant's answer to a question, and count the hit; None where there is none."""
    values: dict[str, Any] = {
        "tenant": current_tenant_id(), "digest": question.digest, "frame": question.frame,
        "threshold": question.threshold,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(EXACT, values)
        found = cursor.fetchone()
        if found is None and question.pattern is not None:
            cursor.execute(NEAR, values | {"pattern": _written(question.pattern)})
            found = cursor.fetchone()
    return Hit(_read(found[0]), *found[1:]) if found else None


def keep(question: Question, hit: Hit, *, ttl_s: int) -> None:
    """Keep an answer of the current tenant for so long; a newer one takes the place of an older."""
    fields = {
        "frame": question.frame,
        "pattern": question.pattern,
        "answer": hit.answer,
        "model": hit.model,
        "provider": hit.provider,
        "tokens": hit.tokens,
        "cost_micros": hit.cost_micros,
        "expires": timezone.now() + timedelta(seconds=ttl_s),
    }
    CachedAnswer.objects.update_or_create(digest=question.digest, defaults=fields)
    if CachedAnswer.objects.count() > MOST_ROWS:
        with connection.cursor() as cursor:
            cursor.execute(CROWDED, {"tenant": current_tenant_id(), "most": MOST_ROWS})


def store(decision_id: UUID, request: Any, answer: str, *, redacted: bool, days: int) -> None:
    """Store a request and its answer; the same decision again changes nothing."""
    row = Exchange(
        pk=decision_id,
        request=request,
        answer=answer,
        redacted=redacted,
        expires=timezone.now() + timedelta(days=days),
    )
    Exchange.objects.bulk_create([row], ignore_conflicts=True)


def purge(*, model: str = "") -> int:
    """Delete the current tenant's answers, or those of one model; return how many."""
    rows = CachedAnswer.objects.filter(model=model) if model else CachedAnswer.objects.all()
    number = int(rows.delete()[0])
    audit.record(
        "answer_cache.purged", actor=audit.current_actor(), object_type="answer_cache", object_id=model or "all",
        after={"answers": number},
    )  # fmt: skip
    return number


def standing() -> dict[str, int]:
    """Return how many answers the current tenant has, how often they were given again, and what that saved."""
    sums = CachedAnswer.objects.aggregate(
        answers=Count("id"), again=Sum("hits"), saved=Sum(F("hits") * F("cost_micros"))
    )
    return {
        "answers": int(sums["answers"]),
        "hits": int(sums["again"] or 0),
        "saved_micros": int(sums["saved"] or 0),
    }


def sweep() -> int:
    """Delete what is over, of all tenants, as the platform; return how many rows."""
    return sum(int(number) for (number,) in in_each_place(SWEEP))


def _written(pattern: Sequence[float]) -> str:
    return "[" + ",".join(f"{number:.6g}" for number in pattern) + "]"


def _read(stored: Any) -> dict[str, Any]:
    return json.loads(stored) if isinstance(stored, str) else stored  # type: ignore[no-any-return]
