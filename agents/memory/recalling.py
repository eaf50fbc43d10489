"""What agents recall: memories as plain values, each with who its words come from."""

from collections.abc import Sequence

from agents.contract import Recollection
from agents.memory import keeping
from agents.memory.embedding import model_in_use
from agents.memory.reach import EVERYWHERE, Reach
from agents.memory.searching import Asked, Found, search

LEAST_SIMILAR = 0.55  # cosine below which two requests have little in common
LEAST_COVERED = 0.5  # of the words looked for, rare ones counting more


def recall(
    text: str,
    pattern: Sequence[float] = (),
    *,
    reach: Reach = EVERYWHERE,
    limit: int = 3,
    at_least: float = LEAST_SIMILAR,
) -> tuple[Recollection, ...]:
    """Return what the current tenant remembers of this, best first; `pattern` is its vector of the model in use.

    `at_least` is a cosine: what is not so similar comes only where it holds at least half of the words.
    """
    asked = Asked(text, pattern, model_in_use())
    found = search(asked, reach=reach, limit=limit, at_least=at_least, covered=LEAST_COVERED)
    if found:
        keeping.touch([one.memory.pk for one in found])
    return tuple(map(_recollection, found))


def _recollection(found: Found) -> Recollection:
    row = found.memory
    return Recollection(
        request=row.request,
        output=row.text,
        agent=row.agent,
        similarity=found.similarity or 0.0,
        confidence=float(row.confidence or 0),
        id=str(row.pk),
        kind=row.kind,
        origin=row.origin,
        source=row.source,
        score=found.score,
    )
