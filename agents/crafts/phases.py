"""Bring requirements into phases: layers of what rests on what, milestones that can be seen, time only where it was given.

Template used: "phases" (requirements, request).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from agents.contract import Evidence
from agents.crafts.asking import Asker
from agents.text.vectors import nearest
from agents.text.words import sentences
from agents.verifiers import structure

# What comes first when things are made; the words decide, the nearest description where they are silent.
LAYERS: tuple[tuple[str, str, str], ...] = (
    (
        "Groundwork",
        "constraints, budget, access, technology, data to collect, requirements to settle",
        r"budget|contract|legal|licen[cs]e|technology|research|interview|settle|decide",
    ),
    (
        "Foundation",
        "data model, database, records, accounts, migration of existing data",
        r"data\w*|schema|records?|accounts?|users?|log ?in|migrat\w+|has an?|have an?|storage|inventory",
    ),
    (
        "Core",
        "the main functions people use, calculation, rules, workflow",
        r"build|implement|write|create|develop|calculat\w+|comput\w+|borrow|order|book|search",
    ),
    (
        "Connections",
        "payments, outside services, notifications, interfaces, import and export",
        r"pay\w*|stripe|slack|notif\w+|e-?mails?|webhooks?|integrat\w+|import|export|api|sync\w*",
    ),
    (
        "Proof",
        "tests, beta users, review, quality, security, documentation",
        r"tests?|tested|beta|pilot|review|quality|secur\w+|document\w*|audit|train\w*|fast|reliable",
    ),
    (
        "Release",
        "deployment, launch, marketing, monitoring, operation, support",
        r"deploy\w*|launch|release|marketing|campaign|monitor\w*|announce\w*|roll ?out|go live|support",
    ),
)
_TIME = re.compile(
    r"\b(?:within|in|over|for)\s+(?:the next\s+)?(\d+|one|two|three|four|five|six|eight|ten|twelve)\s+(day|week|month|sprint|quarter)s?\b",
    re.IGNORECASE,
)
_PROJECT = re.compile(
    r"\b(?:plan|launch|build|deliver|finish|ready|project|migrat\w+|release|complete|develop|roadmap|create|go live)\b",
    re.IGNORECASE,
)
_OWNS = re.compile(r"\b(?:has|have) (?:an?|its|the|one)\b", re.IGNORECASE)
_GOAL = re.compile(
    r"^(?:plan|schedule|roadmap|outline|draft|make a plan|create a (?:plan|roadmap))\b", re.IGNORECASE
)
_SHOWN: Mapping[str, str] = {
    "constraint": "kept",
    "quality": "measured",
    "functional": "seen working",
    "input": "accepted",
    "output": "given",
}
_COUNTS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "eight": 8,
    "ten": 10,
    "twelve": 12,
}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["phases"],
    "properties": {
        "phases": {
            "type": "array",
            "minItems": 1,
            "maxItems": 8,
            "items": {
                "type": "object",
                "required": ["name", "goal", "requirements", "milestone"],
                "properties": {
                    "name": {"type": "string", "minLength": 2, "maxLength": 60},
                    "goal": {"type": "string", "minLength": 3, "maxLength": 300},
                    "requirements": {"type": "array", "items": {"type": "string"}},
                    "milestone": {"type": "string", "minLength": 3, "maxLength": 300},
                },
            },
        }
    },
}
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Phase:
    """One stretch of the way; `share` of the time given, as counts of requirements, "" where no time was given."""

    name: str
    goal: str
    requirements: tuple[str, ...]
    milestone: str
    needs: tuple[str, ...] = ()
    share: str = ""


@dataclass(frozen=True)
class Roadmap:
    """The phases in order with their checks."""

    phases: tuple[Phase, ...]
    evidence: tuple[Evidence, ...]
    method: str

    @property
    def data(self) -> list[dict[str, Any]]:
        """The phases as plain values."""
        return [asdict(phase) for phase in self.phases]


def roadmap(
    ask: Asker, rows: Rows, request: str, *, depends_on: Mapping[str, Sequence[str]], there: str = ""
) -> Roadmap:
    """Return phases for requirements of {"id", "text", "phrase", "kind"}; each but the goal itself in exactly one.

    `there` is what a model is told of what is there already.
    """
    rows = [row for row in rows if not _GOAL.match(str(row["phrase"]))] or rows
    if ask.capable():
        made = _by_model(ask, rows, (request, there), depends_on)
        if made and all(one.passed for one in made.evidence):
            return made
    placed = _placed(ask, rows, depends_on)
    phases = [_phase(name, members) for name, members in placed if members]
    timed = _timed(phases, request)
    return Roadmap(timed, _checks(timed, rows, depends_on), "rules")


def _by_model(
    ask: Asker, rows: Rows, said: tuple[str, str], depends_on: Mapping[str, Sequence[str]]
) -> Roadmap | None:
    told = "\n".join(f"{row['id']}: {row['text']}" for row in rows)
    answer = ask.structured(
        "phases", SCHEMA, requirements=told, request="".join(said), max_output_tokens=2000
    )
    if answer is None:
        return None
    phases = [
        Phase(one["name"], one["goal"], tuple(one["requirements"]), one["milestone"])
        for one in answer["phases"]
    ]
    timed = _timed(_chained(phases), said[0])
    return Roadmap(timed, _checks(timed, rows, depends_on), "model")


def _placed(
    ask: Asker, rows: Rows, depends_on: Mapping[str, Sequence[str]]
) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Give each requirement its layer, never an earlier one than what it needs."""
    layer = {row["id"]: _layer(ask, row) for row in rows}
    for _ in rows:
        for key, needs in depends_on.items():
            if key in layer:
                layer[key] = max([layer[key], *(layer[need] for need in needs if need in layer)])
    return [
        (name, [row for row in rows if layer[row["id"]] == index])
        for index, (name, _, _) in enumerate(LAYERS)
    ]


def _layer(ask: Asker, row: Mapping[str, Any]) -> int:
    text = f"{row['text']} {row['phrase']}"
    if _OWNS.search(text):
        return 1
    for index in (5, 4, 3, 0, 1, 2):  # the most telling words first: "tested" outweighs "build"
        if re.search(rf"\b(?:{LAYERS[index][2]})\b", text, re.IGNORECASE):
            return index
    if row["kind"] == "constraint":
        return 0
    vectors = ask.vectors([row["text"], *(about for _, about, _ in LAYERS)])
    return nearest(vectors[0], vectors[1:])[0][0]


def _phase(name: str, members: Rows) -> Phase:
    about = "; ".join(str(row["text"]).rstrip(".") for row in members)
    shown = "; ".join(f"{row['id']} {_SHOWN.get(row['kind'], 'seen')}" for row in members)
    return Phase(name, about, tuple(row["id"] for row in members), shown)


def _chained(phases: Sequence[Phase]) -> list[Phase]:
    return [
        Phase(one.name, one.goal, one.requirements, one.milestone, (phases[i - 1].name,) if i else ())
        for i, one in enumerate(phases)
    ]


def _timed(phases: Sequence[Phase], request: str) -> tuple[Phase, ...]:
    """Divide the time a request gives by the number of requirements; without a time none is made up."""
    chained = _chained(phases)
    match = next(
        (found for part in sentences(request) if _PROJECT.search(part) and (found := _TIME.search(part))),
        None,
    )
    total = sum(len(phase.requirements) for phase in chained)
    if not match or not total:
        return tuple(chained)
    amount = int(match[1]) if match[1].isdigit() else _COUNTS.get(match[1].lower(), 1)
    unit = match[2].lower()
    shares = [f"{amount * len(phase.requirements) / total:.1f} of {amount} {unit}s" for phase in chained]
    return tuple(
        Phase(p.name, p.goal, p.requirements, p.milestone, p.needs, share)
        for p, share in zip(chained, shares, strict=True)
    )


def _checks(
    phases: Sequence[Phase], rows: Rows, depends_on: Mapping[str, Sequence[str]]
) -> tuple[Evidence, ...]:
    placed = [key for phase in phases for key in phase.requirements]
    return structure.each_once(placed, [row["id"] for row in rows]), structure.in_order(
        placed, _across(phases, depends_on)
    )


def _across(phases: Sequence[Phase], depends_on: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Keep only what crosses phases: within one, the order is free."""
    place = {key: index for index, phase in enumerate(phases) for key in phase.requirements}
    return {
        key: [need for need in needs if place.get(need, -1) != place.get(key, -1)]
        for key, needs in depends_on.items()
    }
