"""A decision with all that it was made from: what is stored of it, and what makes it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from routing.choice import Choice
from routing.known import Known
from routing.requirement import Requirement


@dataclass(frozen=True, slots=True)
class Decided:
    """`shared_from` is the decision of a similar task whose selection this one shares.

    `prompt` says what the prompt itself changed (None where nobody asked it), `traits` are its countable features.
    """

    decision_id: UUID
    requirement: Requirement
    choice: Choice
    known: Known
    shared_from: UUID | None = None
    prompt: Mapping[str, Any] | None = None
    traits: str = ""
