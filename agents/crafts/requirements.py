"""Establish what a request requires: by its own words, widened by a strong model where every addition is traced.

Templates used: "requirements" (request), "risks" (request).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from agents.contract import Evidence
from agents.crafts.asking import Asker
from agents.text.request import Request
from agents.text.requirements import Note, Requirement, gaps, requirements, risks
from agents.text.vectors import similarity
from agents.verifiers import structure, weights
from agents.verifiers.finding import finding

NEAR, SAME = 0.30, 0.92  # an idea of the model is about the request, and not the request over again
SHARE_COVERED = 0.5
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["requirements", "risks", "questions"],
    "properties": {
        "requirements": {
            "type": "array",
            "maxItems": 25,
            "items": {
                "type": "object",
                "required": ["kind", "text", "phrase"],
                "properties": {
                    "kind": {"enum": ["functional", "constraint", "input", "output", "quality"]},
                    "text": {"type": "string", "minLength": 3, "maxLength": 300},
                    "phrase": {"type": "string", "minLength": 2},
                },
            },
        },
        "risks": {
            "type": "array",
            "maxItems": 8,
            "items": {"type": "string", "minLength": 5, "maxLength": 300},
        },
        "questions": {
            "type": "array",
            "maxItems": 8,
            "items": {"type": "string", "minLength": 5, "maxLength": 300},
        },
    },
}


@dataclass(frozen=True)
class Requirements:
    """What is wanted, what may go wrong, what is not said; `ideas` are a small model's, unchecked."""

    found: tuple[Requirement, ...]
    risks: tuple[Note, ...]
    questions: tuple[Note, ...]
    evidence: tuple[Evidence, ...]
    method: str
    ideas: tuple[str, ...] = ()

    @property
    def data(self) -> dict[str, Any]:
        """The same as plain values, for later steps."""
        return {
            "requirements": [asdict(one) for one in self.found],
            "risks": [asdict(one) for one in self.risks],
            "questions": [asdict(one) for one in self.questions],
            "ideas": list(self.ideas),
            "method": self.method,
        }


def establish(ask: Asker, request: Request) -> Requirements:
    """Return the requirements of a request, each with the words it stands in."""
    wanted = request.wanted
    found, method = requirements(request), "rules"
    more_risks: list[Note] = []
    more_questions: list[Note] = []
    ideas: tuple[str, ...] = ()
    if ask.capable():
        added = _by_model(ask, wanted)
        if added:
            found, method = _merged(found, added[0]), "rules and model"
            more_risks, more_questions = added[1:]
    elif found:
        ideas = _ideas(ask, wanted)
    evidence = (structure.traced([one.phrase for one in found], wanted), _said(found, wanted))
    return Requirements(
        tuple(found), (*risks(wanted), *more_risks), (*gaps(wanted), *more_questions), evidence, method, ideas
    )


def _said(found: list[Requirement], wanted: str) -> Evidence:
    """Whether the requirements take up the words of the request, or leave most of them aside."""
    taken = sum(len(one.phrase.split()) for one in found)
    share = taken / max(1, len(wanted.split()))
    return finding(
        "most of the request is taken up",
        passed=share >= SHARE_COVERED,
        weight=weights.COVERS_ALL,
        detail=f"{min(share, 1):.0%} of its words",
    )


def _by_model(ask: Asker, wanted: str) -> tuple[list[Requirement], list[Note], list[Note]] | None:
    answer = ask.structured("requirements", SCHEMA, request=wanted, max_output_tokens=2500)
    if answer is None:
        return None
    traced = [one for one in answer["requirements"] if structure.occurs(one["phrase"], wanted)]
    made = [Requirement("", one["kind"], one["text"], one["phrase"]) for one in traced]
    return made, [Note(text) for text in answer["risks"]], [Note(text) for text in answer["questions"]]


def _merged(found: list[Requirement], added: list[Requirement]) -> list[Requirement]:
    """A model's reading of a phrase replaces the rule's; what it does not mention stays."""
    taken = [one.phrase.casefold() for one in added]
    kept = [
        one
        for one in found
        if not any(one.phrase.casefold() in phrase or phrase in one.phrase.casefold() for phrase in taken)
    ]
    return [
        Requirement(f"R{number}", one.kind, one.text, one.phrase)
        for number, one in enumerate([*added, *kept], 1)
    ]


def _ideas(ask: Asker, wanted: str) -> tuple[str, ...]:
    """Let a small model name two risks; what is not about the request, or only repeats it, is dropped."""
    lines = [
        line
        for line in ask.lines("risks", count=2, request=wanted[:1500])
        if not line.endswith("?") and len(line) < MOST_CHARACTERS
    ]
    if not lines:
        return ()
    vectors = ask.vectors([wanted, *lines])
    near = [similarity(vectors[0], vector) for vector in vectors[1:]]
    return tuple(line for line, score in zip(lines, near, strict=True) if NEAR <= score <= SAME)


MOST_CHARACTERS = 118  # a line at the grammar's limit of 120 was cut
