"""Where somebody stands who recalls, and what can be seen from there.

A memory is found in its scope: everywhere in its tenant, in its project, or in its conversation alone. So whoever stands
in a conversation of a project sees what is known everywhere, what is known in the project, and what was said here.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

# Of one row `m`; expired rows are seen from nowhere, whether they are swept or not.
VISIBLE = """m.tenant_id = %(tenant)s AND (m.expires IS NULL OR m.expires > now())
  AND (m.scope = 'tenant' OR (m.scope = 'project' AND m.project_id = %(project)s::uuid)
       OR (m.scope = 'conversation' AND m.conversation = %(conversation)s))
  AND (%(kind)s = '' OR m.kind = %(kind)s)"""


@dataclass(frozen=True, slots=True)
class Reach:
    """A place; without project and conversation only what is known everywhere. `kind`: results or notes alone."""

    project_id: UUID | None = None
    conversation: str = ""
    kind: str = ""

    def values(self, tenant_id: UUID) -> dict[str, Any]:
        """Return what `VISIBLE` is given."""
        return {
            "tenant": tenant_id,
            "project": self.project_id,
            "conversation": self.conversation,
            "kind": self.kind,
        }


EVERYWHERE = Reach()
