"""Check structured answers: schema, traces, order, completeness."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import jsonschema

from agents.contract import Embed, Evidence
from agents.text.bags import BY_WORDS, compared
from agents.text.vectors import similarity
from agents.verifiers import weights
from agents.verifiers.finding import finding

# Cosine of all-MiniLM-L6-v2 from which a part counts as about a requirement; same source as in `prose`. By words alone the right
# pairs there have 0.40 to 0.58, all others none.
ABOUT = 0.30


def invalid(value: Any, schema: Mapping[str, Any]) -> str:
    """Return what is wrong with a value first, "" where it satisfies the schema."""
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(value))
    if error is None:
        return ""
    where = "/".join(str(part) for part in error.absolute_path)
    return f"{where or 'answer'}: {_said(error)[:200]}"


def _said(error: jsonschema.ValidationError) -> str:
    """What is wrong in words; a list that is too long or too short is counted, not quoted."""
    if error.validator in {"maxItems", "minItems"}:
        found: Any = error.instance
        most = "at most" if error.validator == "maxItems" else "at least"
        return f"{len(found)} of them, and {most} {error.validator_value} may be"
    return str(error.message)


def satisfies(value: Any, schema: Mapping[str, Any]) -> Evidence:
    """Whether a value satisfies its schema."""
    fault = invalid(value, schema)
    return finding("has the agreed structure", passed=not fault, weight=weights.SCHEMA, detail=fault)


def traced(phrases: Sequence[str], request: str) -> Evidence:
    """Whether every statement points to words that stand in the request."""
    strange = [phrase for phrase in phrases if not occurs(phrase, request)]
    detail = f"{len(phrases) - len(strange)} of {len(phrases)}" + (
        f"; not in the request: {strange[0][:80]}" if strange else ""
    )
    passed = bool(phrases) and not strange
    return finding(
        "every requirement stands in the request", passed=passed, weight=weights.TRACED, detail=detail
    )


def occurs(phrase: str, request: str) -> bool:
    """Return whether a phrase stands in a text, spaces and case aside."""
    return bool(phrase.strip()) and _plain(phrase) in _plain(request)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def covers_all(
    parts: Sequence[str], requirements: Sequence[str], *, embed: Embed
) -> tuple[Evidence, tuple[int, ...]]:
    """Whether each requirement has a part about it; also the indices of those that have none."""
    if not parts or not requirements:
        return finding(
            "covers every requirement", passed=False, weight=weights.COVERS_ALL, detail="nothing to compare"
        ), ()
    vectors, by_words = compared([*parts, *requirements], embed)
    made, wanted = vectors[: len(parts)], vectors[len(parts) :]
    missing = tuple(i for i, one in enumerate(wanted) if max(similarity(one, part) for part in made) < ABOUT)
    detail = f"{len(requirements) - len(missing)} of {len(requirements)}{f', {BY_WORDS}' if by_words else ''}"
    return finding(
        "covers every requirement", passed=not missing, weight=weights.COVERS_ALL, detail=detail
    ), missing


def each_once(placed: Sequence[str], expected: Collection[str]) -> Evidence:
    """Whether every expected id is placed exactly once and nothing else is."""
    wrong = sorted(one for one in {*placed, *expected} if placed.count(one) != 1 or one not in expected)
    detail = f"wrong: {', '.join(wrong)}" if wrong else f"{len(placed)} placed"
    return finding(
        "every requirement has its place",
        passed=not wrong and bool(placed),
        weight=weights.COVERS_ALL,
        detail=detail,
    )


def in_order(order: Sequence[str], depends_on: Mapping[str, Collection[str]]) -> Evidence:
    """Whether nothing comes before what it depends on."""
    place = {one: index for index, one in enumerate(order)}
    back = [
        f"{one} before {other}"
        for one in order
        for other in depends_on.get(one, ())
        if place.get(other, len(place)) > place[one]
    ]
    return finding(
        "nothing comes before what it needs",
        passed=not back,
        weight=weights.ORDERED,
        detail=", ".join(back[:3]),
    )
