"""Design a system from its requirements: parts, data model, interface, decisions.

Templates used: "design" (requirements, request), "missing" (requirements, request, missing).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from agents.contract import Evidence
from agents.crafts.asking import Asker
from agents.text.domain import Entity, entities, parts
from agents.text.interface import interface
from agents.text.scaffold import plural
from agents.verifiers import structure, weights
from agents.verifiers.finding import finding

_TEXTS: Mapping[str, Any] = {"type": "string", "minLength": 2, "maxLength": 300}
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["components", "entities", "endpoints", "decisions"],
    "properties": {
        "components": {
            "type": "array",
            "minItems": 1,
            "maxItems": 12,
            "items": {
                "type": "object",
                "required": ["name", "responsibility", "requirements"],
                "properties": {
                    "name": _TEXTS,
                    "responsibility": _TEXTS,
                    "requirements": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
        "entities": {
            "type": "array",
            "maxItems": 12,
            "items": {
                "type": "object",
                "required": ["name", "fields"],
                "properties": {
                    "name": {"type": "string", "pattern": "^[A-Z][A-Za-z0-9]*$"},
                    "fields": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["name", "type"],
                            "properties": {
                                "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
                                "type": {"enum": ["str", "int", "float", "bool", "date", "datetime", "list"]},
                            },
                        },
                    },
                },
            },
        },
        "endpoints": {
            "type": "array",
            "maxItems": 40,
            "items": {
                "type": "object",
                "required": ["method", "path", "does"],
                "properties": {
                    "method": {"enum": ["GET", "POST", "PATCH", "PUT", "DELETE"]},
                    "path": {"type": "string", "pattern": "^/"},
                    "does": _TEXTS,
                },
            },
        },
        "decisions": {
            "type": "array",
            "maxItems": 10,
            "items": {
                "type": "object",
                "required": ["choice", "because"],
                "properties": {"choice": _TEXTS, "because": _TEXTS},
            },
        },
    },
}
Rows = Sequence[Mapping[str, Any]]
Design = dict[str, Any]


def design(ask: Asker, rows: Rows, request: str, *, there: str = "") -> tuple[Design, tuple[Evidence, ...]]:
    """Return {"components", "entities", "endpoints", "decisions", "method"} and what was checked of it.

    `there` is what a model is told of what is there already.
    """
    if ask.capable():
        made = _by_model(ask, rows, f"{request}{there}")
        if made:
            return made
    drawn = _by_rules(rows, request)
    return drawn, _checks(ask, drawn, rows)[0]


def _by_model(ask: Asker, rows: Rows, request: str) -> tuple[Design, tuple[Evidence, ...]] | None:
    told = "\n".join(f"{row['id']}: {row['text']}" for row in rows)
    missing = ""
    best: tuple[Design, tuple[Evidence, ...]] | None = None
    for _ in range(2):
        name = "missing" if missing else "design"
        answer = ask.structured(
            name, SCHEMA, requirements=told, request=request, missing=missing, max_output_tokens=4000
        )
        if answer is None:
            break
        made = {**answer, "method": "model"}
        evidence, left = _checks(ask, made, rows)
        best = (made, evidence)
        if not left:
            break
        missing = ", ".join(rows[index]["id"] for index in left)
    return best


def _checks(ask: Asker, made: Design, rows: Rows) -> tuple[tuple[Evidence, ...], tuple[int, ...]]:
    told = [f"{one['name']}: {one['responsibility']}" for one in made["components"]]
    told += [
        f"{one['name']} with {', '.join(field['name'] for field in one['fields'])}"
        for one in made["entities"]
    ]
    told += [one["does"] for one in made["endpoints"]]
    covered, missing = structure.covers_all(
        told, [row["text"] for row in rows if row["kind"] in {"functional", "output"}], embed=ask.bench.embed
    )
    known = {row["id"] for row in rows}
    strange = sorted({key for one in made["components"] for key in one["requirements"]} - known)
    return (
        covered,
        finding(
            "parts name only known requirements",
            passed=not strange,
            weight=weights.TRACED,
            detail=", ".join(strange),
        ),
        finding(
            "no part without a purpose",
            passed=all(one["requirements"] for one in made["components"]),
            weight=weights.ORDERED,
        ),
    ), missing


def _by_rules(rows: Rows, request: str) -> Design:
    """Draw what the words of the request settle: its things, its parts and the calls that follow from them."""
    things = entities(request)
    named = parts(request)
    work = [row for row in rows if row["kind"] != "constraint"]
    if not things and not named:
        return _one_module(work, request)
    components = [_component(name, f"What the request calls “{name}”", _about(name, work)) for name in named]
    components += [
        _component(
            f"{plural(one.name)}",
            f"Keeps {plural(one.name).replace('_', ' ')}{_and_fields(one)}",
            _about(one.phrase, work),
        )
        for one in things
    ]
    taken = {key for one in components for key in one["requirements"]}
    rest = [row for row in work if row["id"] not in taken]
    if rest:
        components.append(
            _component(
                "application",
                "; ".join(str(row["text"]).rstrip(".") for row in rest),
                [row["id"] for row in rest],
            )
        )
    return {
        "components": [one for one in components if one["requirements"]],
        "entities": [
            {"name": one.name, "fields": [{"name": name, "type": kind} for name, kind in one.fields.items()]}
            for one in things
        ],
        "endpoints": [call for one in things for call in _calls(one)],
        "decisions": _decisions(rows),
        "method": "rules",
    }


def _one_module(work: Rows, request: str) -> Design:
    face = interface(request)
    does = f"{face.head.removeprefix('def ').rstrip(':')}: {face.does}"
    ids = [row["id"] for row in work]
    return {
        "components": [_component(f"{face.name}.py", does, ids)],
        "entities": [],
        "endpoints": [],
        "decisions": _decisions(work),
        "method": "rules",
    }


def _component(name: str, responsibility: str, requirements: list[str]) -> dict[str, Any]:
    return {"name": name, "responsibility": responsibility[:300], "requirements": requirements}


def _about(name: str, rows: Rows) -> list[str]:
    stem = name.lower().rstrip("s")[:-1] if name.lower().endswith("ies") else name.lower().rstrip("s")
    return [row["id"] for row in rows if stem in str(row["phrase"]).lower()]


def _and_fields(one: Entity) -> str:
    return f" with {', '.join(one.fields)}" if one.fields else ""


def _calls(one: Entity) -> list[dict[str, str]]:
    table = plural(one.name)
    path, thing, many = f"/{table.replace('_', '-')}", one.name.lower(), table.replace("_", " ")
    rows = [
        ("GET", path, f"List {many}"),
        ("POST", path, f"Add a {thing}"),
        ("GET", f"{path}/{{id}}", f"Show a {thing}"),
    ]
    rows += [
        ("PATCH", f"{path}/{{id}}", f"Change a {thing}"),
        ("DELETE", f"{path}/{{id}}", f"Remove a {thing}"),
    ]
    plain = {"add", "create", "edit", "update", "delete", "remove", "list", "view", "show"}
    rows += [
        ("POST", f"{path}/{{id}}/{verb}", f"{verb.capitalize()} a {thing}")
        for verb in one.verbs
        if verb not in plain
    ]
    return [{"method": method, "path": where, "does": does} for method, where, does in rows]


def _decisions(rows: Rows) -> list[dict[str, str]]:
    """Only what a limit of the request decides; everything else stays open and is asked."""
    return [
        {"choice": str(row["text"]).rstrip("."), "because": f"{row['id']} says so"}
        for row in rows
        if row["kind"] == "constraint"
    ]
