"""Write more than one function: a strong model's modules, the store of a data model, code in another language, changed code.

Templates used: "modules" (request, design), "other" (request, language), "change" (request, code), "repair" (request, code, fault).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.contract import Evidence
from agents.crafts.asking import Asker
from agents.text import grammars, scaffold
from agents.text.code import blocks, functions, parameters, parse, public, python_of
from agents.text.languages import balanced
from agents.verifiers import code as checks_of
from agents.verifiers import weights
from agents.verifiers.code import Trial
from agents.verifiers.finding import finding
from agents.verifiers.structure import invalid

MODULES_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {
            "type": "array",
            "minItems": 2,
            "maxItems": 8,
            "items": {
                "type": "object",
                "required": ["path", "content"],
                "properties": {
                    "path": {"type": "string", "pattern": "^[a-z_][a-z0-9_]*\\.py$"},
                    "content": {"type": "string"},
                },
            },
        }
    },
}


@dataclass(frozen=True)
class Made:
    """Files with what came of trying them; `origin` says who wrote them."""

    files: Mapping[str, str]
    evidence: tuple[Evidence, ...]
    origin: str
    notes: tuple[str, ...] = ()
    trial: Trial = field(default_factory=Trial)

    @property
    def sound(self) -> bool:
        """True where no check failed."""
        return bool(self.files) and all(one.passed or one.check in checks_of.OPEN for one in self.evidence)


def write_modules(ask: Asker, request: str, design: str) -> Made:
    """Let a strong model write the modules and their unittest module, and mend them once."""
    made = Made({}, (), "")
    fault = ""
    for _ in range(2):
        prompt = f"{request}\n\nThe last answer was not right: {fault}" if fault else request
        reply = ask("modules", request=prompt, design=design, schema=MODULES_SCHEMA, max_output_tokens=6000)
        try:
            answer = json.loads(reply.text[reply.text.find("{") : reply.text.rfind("}") + 1])
            fault = invalid(answer, MODULES_SCHEMA)
        except ValueError as error:
            fault = f"not one JSON object ({error})"
        if fault:
            continue
        made = _tried(
            ask,
            {one["path"]: one["content"] for one in answer["files"]},
            origin=reply.model,
            independent=False,
        )
        if made.sound:
            return made
        fault = "; ".join(f"{one.check}: {one.detail}" for one in made.evidence if not one.passed)
    return made


def from_model(ask: Asker, entities: Sequence[Mapping[str, Any]]) -> Made:
    """Make the store of a data model by rule: no model takes part, the tests run all the same."""
    files = scaffold.store(entities, title=", ".join(scaffold.plural(one["name"]) for one in entities))
    note = (
        "Made by rule from the design's data model: the storage layer, not yet the interfaces on top of it."
    )
    made = _tried(ask, files, origin="the design", independent=True)
    return Made(made.files, made.evidence, made.origin, (note,), made.trial)


def _tried(ask: Asker, files: Mapping[str, str], *, origin: str, independent: bool) -> Made:
    sources = [name for name in files if not name.startswith("test_")]
    tests = [name for name in files if name.startswith("test_")]
    evidence = [checks_of.parses(source) for source in files.values()]
    evidence = [next((one for one in evidence if not one.passed), evidence[0])]
    evidence.append(checks_of.safe("\n".join(files.values())))
    if not (sources and tests and all(one.passed for one in evidence)):
        return Made(
            files, (*evidence, finding("has a test", passed=bool(tests), weight=weights.MODEL_TESTS)), origin
        )
    trial = checks_of.try_out(ask.bench, files, module=sources[0][:-3], tests=tests[0][:-3])
    return Made(
        files, (*evidence, *checks_of.run_evidence(trial, independent=independent)), origin, (), trial
    )


def other_language(ask: Asker, request: str, language: str) -> Made:
    """Write code in a language that cannot be run here; only its shape is checked, and the evidence says so."""
    reply = ask("other", request=request, language=language, max_output_tokens=1500 if ask.capable() else 300)
    found = blocks(reply.text)
    source = found[0].code if found else reply.text
    evidence = (
        finding(
            "the brackets close", passed=balanced(source) and bool(source.strip()), weight=weights.PARSES
        ),
        finding("the answer is complete", passed=reply.complete, weight=weights.COMPLETE),
        finding(
            checks_of.NOT_RUN,
            passed=False,
            weight=weights.NOT_RUN,
            detail=f"only Python can be run here, this is {language}",
        ),
    )
    return Made(
        {f"answer.{_ENDINGS.get(language, 'txt')}": source},
        evidence,
        reply.model,
        (f"Not run: only Python can be run here, this is {language}.",),
    )


_ENDINGS = {
    "JavaScript": "js",
    "TypeScript": "ts",
    "Java": "java",
    "Go": "go",
    "Rust": "rs",
    "SQL": "sql",
    "HTML": "html",
    "CSS": "css",
}
_ENDINGS |= {
    "C++": "cpp",
    "C#": "cs",
    "PHP": "php",
    "Ruby": "rb",
    "Bash": "sh",
    "Kotlin": "kt",
    "Swift": "swift",
}


def change(ask: Asker, code: str, request: str) -> Made:
    """Change code that was sent: what could be called before must be there after, and behave alike unless it was broken."""
    tree, fault = parse(code)
    notes = (f"The code as it was sent does not parse: {fault}.",) if fault else ()
    made = Made({}, (), "")
    for _ in range(2):
        reply = ask(
            "repair" if made.files else "change",
            request=request,
            code="\n".join(made.files.values()) or code,
            fault=fault_of(made),
            grammar=grammars.python(),
            max_output_tokens=2000 if ask.capable() else 300,
        )
        made = _changed(
            ask, code, python_of(reply.text), origin=reply.model, mends=tree is None or _mends(request)
        )
        if made.sound:
            break
    return Made(made.files, made.evidence, made.origin, notes, made.trial)


def fault_of(made: Made) -> str:
    """Return the first failed check in words."""
    failed = (one for one in made.evidence if not one.passed and one.check not in checks_of.OPEN)
    return next((f"{one.check}: no. {one.detail}".strip() for one in failed), "")


def _mends(request: str) -> bool:
    """Return whether a request wants behaviour changed: then "as before" is no yardstick."""
    return (
        re.search(
            r"\b(?:fix|debug|bug|correct|add|extend|change|wrong|error|fails?)\b", request, re.IGNORECASE
        )
        is not None
    )


def _changed(ask: Asker, before: str, after: str, *, origin: str, mends: bool) -> Made:
    files = {"solution.py": after}
    parsed = checks_of.parses(after)
    old, new = parse(before)[0], parse(after)[0]
    lost = sorted(set(public(old)) - set(public(new))) if old and new else []
    evidence = [
        parsed,
        checks_of.safe(after),
        finding(
            "what could be called still can",
            passed=not lost,
            weight=weights.SIGNATURE,
            detail=", ".join(lost),
        ),
    ]
    if not all(one.passed for one in evidence) or new is None:
        return Made(files, tuple(evidence), origin)
    function = next((one for one in functions(new) if one.name in public(new)), None)
    name = function.name if function else ""
    kinds = [_kind(function, index) for index in range(len(parameters(function)))] if function else []
    trial = checks_of.try_out(
        ask.bench,
        files | ({"before.py": before} if old else {}),
        module="solution",
        name=name,
        samples=checks_of.samples(kinds),
        reference="before" if old and name in public(old) else "",
    )
    evidence += checks_of.run_evidence(trial, independent=False)
    alike = checks_of.same_behaviour(trial)
    evidence += [alike] if alike and not mends else []
    return Made(files, tuple(evidence), origin, (), trial)


def _kind(function: Any, index: int) -> str:
    """Return the kind of a parameter: annotated, or guessed from how its name reads."""
    argument = [*function.args.posonlyargs, *function.args.args][index]
    if argument.annotation is not None:
        return str(getattr(argument.annotation, "id", ""))
    name = argument.arg.lower()
    guesses = (
        ("list", r"items|list|numbers|values|xs|arr\w*|words|seq\w*|data"),
        ("str", r"text|s|string|name|word|line|path"),
        ("int", r"n|x|i|a|b|count|number"),
    )
    return next((kind for kind, pattern in guesses if re.fullmatch(pattern, name)), "")
