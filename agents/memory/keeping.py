"""Memories are kept, edited and forgotten; the only writer of Memory.

Where the words came from stays with them: an edit changes the text and says so, and never who it came from.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from agents.memory import vectors
from agents.memory.embedding import embedded_if_possible, model_in_use
from agents.models import Memory, Step
from agents.storable import storable
from miosa.http.problem import NotFound, Unprocessable, invalid
from miosa.pg.rows import insert_new
from tenants import audit
from tenants.places import in_each_place

MOST_CHARACTERS = 20_000  # of a note
RECALLED_AGAIN_S = 60  # a memory recalled within a minute is not written again
EDITABLE = frozenset({"text", "importance", "expires", "scope", "project_id", "conversation"})
SWEEP = (
    "WITH gone AS (DELETE FROM agents_memory WHERE expires <= now() RETURNING 1) SELECT count(*) FROM gone"
)


@dataclass(frozen=True, slots=True)
class Place:
    """How far a memory is found, and where it was made. Without a scope the narrowest that its place allows."""

    project_id: UUID | None = None
    conversation: str = ""
    scope: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        """The columns."""
        narrowest = (self.conversation and "conversation") or (self.project_id and "project") or "tenant"
        return {
            "project_id": self.project_id,
            "conversation": self.conversation,
            "scope": self.scope or narrowest,
        }


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who had it remembered, and who the words come from; `step` where it was made in one."""

    by: str
    origin: str = Memory.Origin.PERSON
    source: str = ""
    step_id: UUID | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to remember. `importance` is 0 to 1; from `expires` on it is not recalled.

    `key`: the id of its row, where it may be said again by whoever does not know that it was; it is remembered once.
    """

    text: str
    provenance: Provenance
    place: Place = field(default_factory=Place)
    importance: float = 0.5
    expires: datetime | None = None
    key: UUID | None = None


def remember_result(
    step: Step, *, confidence: float, pattern: Sequence[float], model: str, place: Place | None = None
) -> None:
    """Store the result of a step, once, in the caller's transaction. `pattern` has unit length; `model` made it."""
    row = Memory(
        kind=Memory.Kind.RESULT,
        origin=Memory.Origin.RESULT,
        remembered_by=f"agent:{step.agent}",
        step_id=step.pk,
        agent=step.agent,
        request=step.instruction,
        text=step.output,
        confidence=confidence,
        importance=min(1.0, max(0.0, float(confidence) / 10)),
        **(place or Place(scope=Memory.Scope.TENANT)).fields,
    )
    insert_new([row])
    if pattern:
        stored = Memory.objects.filter(step_id=step.pk, kind=Memory.Kind.RESULT).values_list("pk", flat=True)
        vectors.put(stored.get(), pattern, model)


def remember(note: Note) -> Memory:
    """Store a note; found by its words where no embeddings are to be had. Raises Unprocessable."""
    if earlier := _said_before(note):
        return earlier
    text = storable(note.text.strip())
    _refuse(text, note.importance, note.expires)
    said = note.provenance
    row = Memory(
        id=note.key,
        kind=Memory.Kind.NOTE,
        origin=said.origin,
        source=storable(said.source)[:200],
        remembered_by=said.by,
        step_id=said.step_id,
        agent=said.agent,
        text=text,
        importance=note.importance,
        expires=note.expires,
        **note.place.fields,
    )
    pattern = embedded_if_possible(text)
    with transaction.atomic():
        _saved(row)
        vectors.put(row.pk, pattern, model_in_use())
        if not said.agent:
            _told("memory.remembered", row, said.by, after=_facts(row))
    return row


def edit(memory_id: UUID, *, by: str, **changes: Any) -> Memory:
    """Change some of `EDITABLE`; other words get another vector. Raises NotFound, Unprocessable."""
    if unknown := set(changes) - EDITABLE:
        raise Unprocessable(errors=[invalid("is not changed", one) for one in sorted(unknown)])
    with transaction.atomic():
        row = _held(memory_id)
        before, meant = _facts(row), row.meant
        if "text" in changes:
            changes["text"] = storable(changes["text"].strip())
        for name, value in changes.items():
            setattr(row, name, value)
        _refuse(row.text if "text" in changes else "-", row.importance, changes.get("expires"), row.kind)
        row.edited, row.edited_by = timezone.now(), by
        _saved(row)
        if row.meant != meant:
            vectors.replace(row.pk, embedded_if_possible(row.meant), model_in_use())
        _told("memory.edited", row, by, before=before, after=_facts(row))
    return row


def forget(memory_id: UUID, *, by: str) -> None:
    """Delete a memory with its vectors. Its words are in no log. Raises NotFound."""
    with transaction.atomic():
        row = _held(memory_id)
        _told("memory.forgotten", row, by, before=_facts(row))
        row.delete()


def listed() -> QuerySet[Memory]:
    """Return the current tenant's memories that have not expired."""
    rows: QuerySet[Memory] = Memory.objects.filter(Q(expires=None) | Q(expires__gt=timezone.now()))
    return rows.annotate(execution=F("step__execution_id"), project_slug=F("project__slug"))


def one(memory_id: UUID) -> Memory:
    """Return one. Raises NotFound."""
    row: Memory | None = listed().filter(pk=memory_id).first()
    if row is None:
        raise NotFound("There is no such memory.")
    return row


def touch(memory_ids: Sequence[UUID]) -> None:
    """Note that an agent recalled these; who holds one of them at the moment notes it for itself."""
    long_ago = timezone.now() - timedelta(seconds=RECALLED_AGAIN_S)
    due = Memory.objects.filter(Q(recalled=None) | Q(recalled__lt=long_ago), pk__in=memory_ids)
    with transaction.atomic():
        keys = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True))
        Memory.objects.filter(pk__in=keys).update(recalled=timezone.now())


def sweep() -> int:
    """Delete what has expired, of all tenants, as the platform; return how many."""
    return sum(int(number) for (number,) in in_each_place(SWEEP))


def _said_before(note: Note) -> Memory | None:
    return Memory.objects.filter(pk=note.key).first() if note.key else None


def _held(memory_id: UUID) -> Memory:
    one(memory_id)
    row: Memory = Memory.objects.select_for_update().get(pk=memory_id)
    return row


def _saved(row: Memory) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        why = "a memory of a project names one, and a memory of a conversation names one"
        raise Unprocessable(errors=[invalid(why, "scope")]) from error


def _refuse(
    text: str, importance: float, expires: datetime | None, kind: str = Memory.Kind.NOTE.value
) -> None:
    wrong = []
    if not text or (kind == Memory.Kind.NOTE and len(text) > MOST_CHARACTERS):
        wrong.append(invalid(f"has 1 to {MOST_CHARACTERS:,} characters", "text"))
    if not 0 <= importance <= 1:
        wrong.append(invalid("is a number from 0 to 1", "importance"))
    if expires is not None and expires <= timezone.now():
        wrong.append(invalid("is over already", "expires"))
    if wrong:
        raise Unprocessable(errors=wrong)


def _facts(row: Memory) -> dict[str, Any]:
    """What the audit log keeps: of the words only their number and hash, so that what is forgotten is forgotten."""
    names = ("kind", "origin", "source", "scope", "project_id", "conversation", "importance", "expires")
    digest = hashlib.sha256(row.text.encode()).hexdigest()
    return {name: getattr(row, name) for name in names} | {"characters": len(row.text), "sha256": digest}


def _told(
    action: str, row: Memory, by: str, *, before: Mapping[str, Any] | None = None, after: Any = None
) -> None:
    audit.record(action, actor=by, object_type="memory", object_id=row.pk, before=before, after=after)
