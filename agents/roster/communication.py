"""Talks: summarises, explains, answers, translates and writes, and asks back where something is missing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict

from agents.contract import Evidence, Profile, Result, Task, Workbench
from agents.crafts import answer as answering
from agents.crafts.answer import Answer
from agents.crafts.asking import Asker
from agents.crafts.looking import ONLY_SEEN, Looked, look_around
from agents.crafts.summary import Summary, summarise
from agents.text.code import functions, parameters, parse
from agents.text.request import Request, bare, read_request
from agents.text.words import statistics
from agents.verifiers import prose, weights
from agents.verifiers.finding import finding

profile = Profile(
    kind="communication",
    purpose="Talk with people: summarise and explain texts, answer questions, translate, write messages and ask for what is missing.",
    capabilities=("chat*", "consultation*", "support*", "onboarding", "feedback"),
    task_kind="chat",
    mode="speed",
    prompt="You write short, plain and friendly text. You state only what you know.",
    asks={
        "summary": "{text}\n\nSummarise the text above in {length}.",
        "merge": "{text}\n\nSay the same in {length}.",
        "answer": "{question}\nAnswer in at most three sentences.",
        "answer_remembering": "{known}\n\n{question}\nAnswer in at most three sentences.",
        "from_text": "{text}\n\nQuestion: {question}\nAnswer from the text above, in one or two sentences.",
        "translate": "Translate this text into {language}. Write only the translation.\n\n{text}",
        "rewrite": "{instruction}. Keep what it says. Write only the new text.\n\n{text}",
        "write": "{instruction}. Keep it short.",
        "explain_code": "{code}\n\nExplain in two sentences what this code does.",
        "look": "{request}\n\nFiles:\n{files}\n\nRead with the tools what this is about, files or what is remembered, then answer the person in plain"
        f" and friendly words, as short as the question allows. {ONLY_SEEN}",
    },
    tools=("list_files", "read_file", "recall_memory"),
)
_SUMMARISE = re.compile(
    r"\b(?:summar\w+|condense|shorten|tl;?dr|main points?|key points?|gist|in short)\b", re.IGNORECASE
)
_TRANSLATE = re.compile(r"\btranslat\w+\b", re.IGNORECASE)
_REWRITE = re.compile(
    r"\b(?:rewrite|rephrase|paraphrase|simplify|proofread|correct|improve|shorter|polite\w*|formal)\b",
    re.IGNORECASE,
)
_WRITE = re.compile(
    r"^(?:write|draft|compose|create|generate|prepare|brainstorm|make|propose|outline)\b", re.IGNORECASE
)
_NEEDS_TEXT = re.compile(
    r"\b(?:this|the|following|above|below)\s+(?:\w+\s+)?(?:text|article|paragraph|passage|story|e-?mail|letter|document|report)\b",
    re.IGNORECASE,
)


def execute(task: Task, bench: Workbench) -> Result:
    """Do what the words ask for, with the text of the request or of the step before."""
    ask = Asker(bench, profile)
    request = read_request(task.asked)
    text, kind = _material(task, request)
    instruction = bare(task.input) or task.input
    if kind == "code":
        return _code(ask, text)
    if not text:
        found = look_around(ask, task)
        if found.text:
            return _looked(ask, found, instruction)
        missing = (
            _SUMMARISE.search(instruction)
            or _TRANSLATE.search(instruction)
            or _NEEDS_TEXT.search(instruction)
        )
        return _ask_back(instruction) if missing else _without_text(ask, instruction)
    if _SUMMARISE.search(instruction):
        return _summary(ask, text, instruction)
    for pattern, craft in _ON_TEXT:
        if pattern.search(instruction):
            return _answered(craft(ask, text, instruction), text, mode=craft.__name__)
    return _answered(answering.from_text(ask, instruction, text), text, mode="from_text")


_ON_TEXT: tuple[tuple[re.Pattern[str], Callable[[Asker, str, str], Answer]], ...] = (
    (_TRANSLATE, answering.translate),
    (_REWRITE, answering.rewrite),
)


def _material(task: Task, request: Request) -> tuple[str, str]:
    """Return the text to work on: the one handed over where this step follows another, else the request's own."""
    given = str(task.parameters.get("material", "")).strip()
    if given:
        return given, "text"
    handed = [
        str(one.data.get("text") or one.output) for one in task.handovers if one.success and one.usable
    ][-1:]
    if handed and not (request.kind == "text" and _NEEDS_TEXT.search(task.input)):
        return "\n\n".join(handed), "text"
    if request.kind == "details":
        return "", ""
    return request.material, request.kind


def _summary(ask: Asker, text: str, instruction: str) -> Result:
    made: Summary = summarise(ask, text, instruction)
    data = {
        "mode": "summary",
        "method": made.method,
        "text": made.text,
        "notes": list(made.notes),
        "source": asdict(statistics(text)),
    }
    return Result(bool(made.text), _with_notes(made.text, made.notes), data, made.evidence)


def _without_text(ask: Asker, instruction: str) -> Result:
    craft = answering.write if _WRITE.match(instruction) else answering.answer
    return _answered(craft(ask, instruction), "", mode=craft.__name__)


def _answered(made: Answer, text: str, *, mode: str) -> Result:
    data: dict[str, object] = {"mode": mode, "method": "model", "text": made.text, "notes": list(made.notes)}
    data |= {"source": asdict(statistics(text))} if text else {}
    error = None if made.sound else "the answer did not pass its checks"
    warned = _with_notes("", made.notes)
    said = (
        _with_notes(made.text, made.notes)
        if made.sound
        else warned
        if made.withheld
        else f"{warned}\n\n{made.text}"
    )
    return Result(made.sound, said.strip(), data, made.evidence, error=error)


def _looked(ask: Asker, found: Looked, instruction: str) -> Result:
    """Answer from files and memory: what was read is the source that the answer is held to."""
    evidence = (*found.evidence, prose.relevant(found.text, instruction, embed=ask.bench.embed))
    data = {"mode": "looked", "method": "tools", "text": found.text, "notes": [], **found.data}
    error = "the answer did not pass its checks" if found.faults else None
    return Result(not found.faults, "\n\n".join([*found.first, *found.last]), data, evidence, error=error)


def _ask_back(instruction: str) -> Result:
    """There is nothing to work on: say so and say how to send it."""
    said = f"To “{instruction.rstrip('.')}” I need the text itself. Send it after a colon or a blank line, in the same request."
    evidence: tuple[Evidence, ...] = (
        finding("there is a text to work on", passed=False, weight=weights.MATERIAL_GIVEN),
    )
    return Result(
        True,
        said,
        {"mode": "ask_back", "method": "rules", "notes": []},
        evidence,
        suggestions=("Send the text with the request.",),
    )


def _code(ask: Asker, code: str) -> Result:
    """Explain code: what its syntax tree shows for certain, and the model's two sentences beside it."""
    tree, fault = parse(code)
    facts = [f"`{one.name}({', '.join(parameters(one))})`" for one in functions(tree)] if tree else []
    made = answering.free(ask, ask("explain_code", code=code[:3000], max_output_tokens=120), code)
    shown = (
        f"It defines {', '.join(facts)}."
        if facts
        else f"It does not parse as Python ({fault})."
        if fault
        else "It defines no function."
    )
    data: Mapping[str, object] = {
        "mode": "explain_code",
        "method": "model",
        "functions": facts,
        "notes": list(made.notes),
    }
    return Result(made.sound, f"{shown} {_with_notes(made.text, made.notes)}", data, made.evidence)


def _with_notes(text: str, notes: tuple[str, ...]) -> str:
    return "\n\n".join([*([text] if text else []), *(f"_{note}_" for note in notes)])
