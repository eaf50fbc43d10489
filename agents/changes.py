"""Small changes of what an agent says, as values: checked, applied to a profile, and shown as a diff."""

import difflib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from agents.contract import Profile
from agents.text.fence import fenced

MOST_SENTENCE = 300  # characters
MOST_GIVEN, MOST_ANSWER = 600, 1_200  # characters of an example
MOST_PROMPT = 6_000  # characters of a prompt or a question after the change
TOOLS = ("recall",)
PLAN_ASK = "plan"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Kind(StrEnum):
    """What a change is about."""

    PROMPT = "prompt"  # one more sentence in the prompt, or in one question
    EXAMPLE = "example"  # a task and its good answer, shown in the prompt
    PLAN_RULE = "plan_rule"  # one more sentence in the orchestrator's question for a plan
    TOOL = "tool"  # something the agent looks at before it asks
    MODEL = "model"  # the model that is asked first


class UnfitChange(ValueError):  # noqa: N818  reads as what it is
    """The change cannot be made; the message says why."""


@dataclass(frozen=True)
class Change:
    """One change; each kind uses its own fields, the others stay empty.

    prompt: `text`, and `ask` where it belongs to one question. example: `given`, `answer`, and `origin`, the id of the
    step it was taken from. plan_rule: `text`. tool: `tool`. model: `model`.
    """

    kind: Kind
    text: str = ""
    ask: str = ""
    given: str = ""
    answer: str = ""
    origin: str = ""
    tool: str = ""
    model: str = ""

    def as_json(self) -> dict[str, str]:
        """Return the fields that are filled."""
        return {name: str(value) for name, value in asdict(self).items() if value}

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits: the same for the same change, wherever an example came from."""
        said = json.dumps(replace(self, origin="").as_json(), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:12]


_NEEDS: Mapping[Kind, frozenset[str]] = {
    Kind.PROMPT: frozenset({"text"}),
    Kind.EXAMPLE: frozenset({"given", "answer"}),
    Kind.PLAN_RULE: frozenset({"text"}),
    Kind.TOOL: frozenset({"tool"}),
    Kind.MODEL: frozenset({"model"}),
}
_MAY: Mapping[Kind, frozenset[str]] = {
    Kind.PROMPT: frozenset({"ask"}),
    Kind.EXAMPLE: frozenset({"origin"}),
}
_LONGEST = {"text": MOST_SENTENCE, "given": MOST_GIVEN, "answer": MOST_ANSWER}


def read(stored: Mapping[str, Any]) -> Change:
    """Return the change that a person or a row wrote down; raises UnfitChange."""
    known = {field.name for field in fields(Change)}
    if unknown := sorted(set(stored) - known):
        raise UnfitChange(f"a change has no {', '.join(unknown)}")
    if not all(isinstance(value, str) for value in stored.values()):
        raise UnfitChange("every member of a change is a text")
    if stored.get("kind") not in set(Kind):
        raise UnfitChange(f"the kind of a change is one of {', '.join(Kind)}")
    change = Change(**{**stored, "kind": Kind(stored["kind"])})
    if fault := next(_faults(change), ""):
        raise UnfitChange(fault)
    return change


def changed(profile: Profile, change: Change) -> Profile:
    """Return the profile with the change made; raises UnfitChange where it does not fit or changes nothing."""
    if fault := next(_faults(change), ""):
        raise UnfitChange(fault)
    made = _MAKES[change.kind](profile, change)
    if made == profile:
        raise UnfitChange("the profile says so already")
    if max(len(text) for text in (made.prompt, *made.asks.values())) > MOST_PROMPT:
        raise UnfitChange(f"a prompt has at most {MOST_PROMPT:,} characters")
    return made


def diff(before: Profile, after: Profile) -> str:
    """Return the unified diff of what two profiles of one agent say."""
    lines = difflib.unified_diff(
        _lines(before),
        _lines(after),
        f"{before.kind} {before.prompt_version}",
        f"{after.kind} {after.prompt_version}",
        lineterm="",
        n=1,
    )
    return "\n".join(lines)


def _faults(change: Change) -> Iterator[str]:
    needed, filled = _NEEDS[change.kind], set(change.as_json()) - {"kind"}
    for name in sorted(needed - filled):
        yield f"a change of kind {change.kind} needs {name}"
    for name in sorted(filled - needed - _MAY.get(change.kind, frozenset())):
        yield f"a change of kind {change.kind} has no {name}"
    for name, most in _LONGEST.items():
        if len(getattr(change, name)) > most:
            yield f"{name} has at most {most:,} characters"
    if "\n" in change.text:
        yield "text is one line"
    if change.tool and change.tool not in TOOLS:
        yield f"a tool is one of {', '.join(TOOLS)}"
    if any(_CONTROL.search(value) for value in change.as_json().values()):
        yield "a change holds no control characters"


def _sentence(profile: Profile, change: Change) -> Profile:
    if not change.ask:
        if change.text in profile.prompt:
            return profile
        return replace(profile, prompt=f"{profile.prompt} {change.text}")
    return _asked(profile, change.ask, change.text)


def _plan_rule(profile: Profile, change: Change) -> Profile:
    return _asked(profile, PLAN_ASK, change.text)


def _asked(profile: Profile, ask: str, text: str) -> Profile:
    """Add the sentence to one question; a question is a template, so its braces are doubled."""
    if ask not in profile.asks:
        raise UnfitChange(f"{profile.kind} asks no question {ask!r}; it has {', '.join(profile.asks)}")
    added = text.replace("{", "{{").replace("}", "}}")
    if added in profile.asks[ask]:
        return profile
    return replace(profile, asks={**profile.asks, ask: f"{profile.asks[ask]}\n{added}"})


def _example(profile: Profile, change: Change) -> Profile:
    shown = f"An example, for its form alone.\n{fenced(_pair(change.given, change.answer), origin='earlier work')}"
    if shown in profile.prompt:
        return profile
    return replace(profile, prompt=f"{profile.prompt}\n\n{shown}")


def _pair(given: str, answer: str) -> str:
    return f"Asked: {given}\nAnswered well: {answer}"


def _tool(profile: Profile, change: Change) -> Profile:
    return replace(profile, looks_up=tuple(dict.fromkeys([*profile.looks_up, change.tool])))


def _model(profile: Profile, change: Change) -> Profile:
    return replace(profile, prefers=change.model)


_MAKES = {
    Kind.PROMPT: _sentence,
    Kind.EXAMPLE: _example,
    Kind.PLAN_RULE: _plan_rule,
    Kind.TOOL: _tool,
    Kind.MODEL: _model,
}


def _lines(profile: Profile) -> list[str]:
    parts = {"prompt": profile.prompt, **{f"ask {name}": text for name, text in profile.asks.items()}}
    rows = [
        f"{name}: {line}" for name, text in parts.items() for line in text.replace(". ", ".\n").split("\n")
    ]
    return [
        *rows,
        f"model: {profile.prefers or 'as routed'}",
        f"looks up: {', '.join(profile.looks_up) or 'nothing'}",
    ]
