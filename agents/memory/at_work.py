"""Where an execution stands: what its agents see of the tenant's memory, and where what they remember belongs."""

from datetime import timedelta
from uuid import UUID, uuid5

from django.utils import timezone

from agents.memory.keeping import MOST_CHARACTERS, Note, Place, Provenance
from agents.memory.reach import Reach
from agents.models import Execution, Memory, Step
from agents.storable import storable
from deployments.models import Project


def place_of(execution: Execution, scope: str = Memory.Scope.TENANT.value) -> Place:
    """Return where its memories are made, found as far as `scope`; "" for the narrowest it has."""
    return Place(_project_id(execution), execution.conversation, scope)


def reach_of(execution: Execution, *, scope: str = "", kind: str = "") -> Reach:
    """Return what it sees; `scope` tenant or project leaves out what is known more narrowly."""
    project_id = None if scope == Memory.Scope.TENANT else _project_id(execution)
    wide = scope in {Memory.Scope.TENANT, Memory.Scope.PROJECT}
    return Reach(project_id, "" if wide else execution.conversation, kind)


def note_of(
    step: Step, text: str, *, place: Place, origin: str, source: str, importance: float, keep_s: float | None
) -> Note:
    """Return what a step's agent wants remembered. It never passes for a person's word, whatever it says of it.

    The same words in the same place are the same note, however often the step is done.
    """
    whose = Memory.Origin.TOOL if origin == Memory.Origin.TOOL else Memory.Origin.AGENT
    said = Provenance(f"agent:{step.agent}", whose, source, step.pk, step.agent)
    expires = timezone.now() + timedelta(seconds=keep_s) if keep_s else None
    key = uuid5(step.pk, f"{place.fields['scope']} {storable(text)}")
    return Note(text[:MOST_CHARACTERS], said, place, importance, expires, key)


def _project_id(execution: Execution) -> UUID | None:
    """The project that it names, if there is one."""
    slug = str(execution.parameters.get("project", ""))
    found: UUID | None = (
        Project.objects.filter(slug=slug).values_list("pk", flat=True).first() if slug else None
    )
    return found
