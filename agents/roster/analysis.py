"""Finds out what is required, and what a text is about when a text is to be analysed."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from agents.contract import Profile, Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.hands_on import MATERIAL_TOOLS
from agents.crafts.requirements import Requirements, establish
from agents.crafts.tables import analyse_table, can_analyse
from agents.text.domain import entities
from agents.text.languages import language_of
from agents.text.material import tables
from agents.text.request import Request, part_of, read_request
from agents.text.vectors import most_central
from agents.text.words import digits, key_terms, names, sentences, spread, statistics
from agents.verifiers import prose, weights
from agents.verifiers.finding import finding

profile = Profile(
    kind="analysis",
    purpose="Analyse what is required: requirements, constraints, feasibility, dependencies and risks of a task, or the figures of a text.",
    capabilities=("requirements_analysis*", "feasibility_study*", "risk_assessment", "dependency_mapping"),
    task_kind="extract",
    mode="balance",
    prompt="You name concrete things in few words.",
    asks={
        "requirements": "List the requirements of this request. `phrase` repeats the words of the request it rests on, exactly as written;"
        " invent none. Then the risks it carries and the questions that must be answered first.\n\nRequest: {request}",
        "risks": "Task: {request}\nWhat could go wrong? Name two things.",
        "table": "{request}\n\nThe table is the file {path}. The platform has counted: {figures}\n\nFiles:\n{files}\n\nAnswer what is asked of"
        " the table. Look further with the tools where that helps, rewrite report.md so that it answers with figures that you counted,"
        " redraw report/plot.png if another picture shows it better, then answer with the two or three most important findings.",
    },
    tools=(*MATERIAL_TOOLS, "query_data"),
)
MOST_SENTENCES = 400  # embedded of one text
_HEADINGS = {
    "functional": "It shall",
    "input": "Takes",
    "output": "Gives",
    "constraint": "Limits",
    "quality": "Quality",
}
_SYSTEM = re.compile(
    r"\b(?:system|platform|app|application|service|database|schema|architecture|api|website|shop|backend)\b",
    re.IGNORECASE,
)
_SHIPS = re.compile(r"\b(?:deploy|release|ship|publish)\w*\b", re.IGNORECASE)
_CODES = re.compile(r"\b(?:function|code|script|program|class|implement|bug|refactor)\w*\b", re.IGNORECASE)
_PLANS = re.compile(r"\b(?:plan|roadmap|strateg\w+|milestones?|phases?)\b", re.IGNORECASE)
_ON_TEXT = re.compile(r"\b(?:analy[sz]e|key (?:figures|facts)|examine|extract)\b", re.IGNORECASE)


def execute(task: Task, bench: Workbench) -> Result:
    """Analyse the text where the step is about a text, the request otherwise."""
    request = read_request(task.asked)
    found = tables(bench.files())
    if found and can_analyse(bench):
        return analyse_table(Asker(bench, profile), task, found[0])
    if request.kind == "text" and _ON_TEXT.search(task.input) and not _CODES.search(task.input):
        return _of_text(Asker(bench, profile), request.material)
    return _of_request(Asker(bench, profile), task, part_of(task.input, task.asked))


def _of_request(ask: Asker, task: Task, request: Request) -> Result:
    made = establish(ask, request)
    things = [asdict(one) for one in entities(request.wanted)] if _SYSTEM.search(request.wanted) else []
    whole = read_request(task.asked)
    data: dict[str, Any] = made.data | {
        "things": things,
        "feasibility": _feasibility(request.wanted),
        "depends_on": _dependencies(made),
        "source": asdict(statistics(whole.material)) if whole.kind == "text" else None,
        "notes": _notes(made),
    }
    suggestions = tuple(note.text for note in made.questions)
    return Result(
        bool(made.found),
        _written(made, data),
        data,
        made.evidence,
        _next(request.wanted),
        suggestions=suggestions,
    )


def _written(made: Requirements, data: dict[str, Any]) -> str:
    lines: list[str] = []
    for kind, heading in _HEADINGS.items():
        rows = [
            f"- **{one.id}** {one.text} (“{one.phrase}”)"
            if one.text.rstrip(".").casefold() != one.phrase.casefold()
            else f"- **{one.id}** {one.text}"
            for one in made.found
            if one.kind == kind
        ]
        lines += [f"**{heading}**", *rows, ""] if rows else []
    lines += _section(
        "Risks", [f"{one.text}{f' (raised by “{one.phrase}”)' if one.phrase else ''}" for one in made.risks]
    )
    lines += _section("Not said", [one.text for one in made.questions])
    lines += _section("Feasible here", data["feasibility"])
    lines += _section("Ideas of the model, unchecked", made.ideas)
    return "\n".join(lines).strip()


def _section(heading: str, rows: Sequence[str]) -> list[str]:
    return [f"**{heading}**", *(f"- {row}" for row in rows), ""] if rows else []


def _feasibility(wanted: str) -> list[str]:
    """Say what can be done and proven here; these are facts about the sandbox and the roster, not opinions."""
    found = []
    language = language_of(wanted)
    if _CODES.search(wanted) and language == "Python":
        found.append("Python can be written, run and tested here.")
    elif _CODES.search(wanted):
        found.append(f"{language} can be written but not run here; its result stays unproven.")
    if re.search(
        r"https?://|\b(?:external|third[- ]party|webhook|scrap\w+|download)\b", wanted, re.IGNORECASE
    ):
        found.append("The sandbox has no network: outside services are tried against a stand-in.")
    if _SHIPS.search(wanted):
        found.append(
            "A recipe for shipping can be prepared and checked; the release itself needs a target and its key."
        )
    return found


def _dependencies(made: Requirements) -> dict[str, list[str]]:
    """Return which requirement needs which: what the words say ("before", "after"), and input before work before output."""
    order = {"constraint": 0, "input": 1, "functional": 2, "output": 3, "quality": 4}
    needs: dict[str, list[str]] = {}
    for one in made.found:
        needs[one.id] = [
            other.id
            for other in made.found
            if order[other.kind] == order[one.kind] - 1
            and other.kind in {"input", "functional"}
            and one.kind in {"output", "functional"}
        ]
        for other in made.found:
            if other.id != one.id and re.search(
                rf"\b(?:after|once|when)\b.*\b{re.escape(other.phrase.split()[-1])}\b",
                one.phrase,
                re.IGNORECASE,
            ):
                needs[one.id].append(other.id)
    return {key: sorted(set(value)) for key, value in needs.items() if value}


def _notes(made: Requirements) -> list[str]:
    found = [
        f"{len(made.found)} requirements, {len(made.risks)} risks, {len(made.questions)} open questions; found by {made.method}."
    ]
    return found if made.found else ["The request names nothing that could be required."]


def _next(wanted: str) -> str:
    for pattern, agent in (
        (_SHIPS, "deployment"),
        (_PLANS, "strategy"),
        (_SYSTEM, "architect"),
        (_CODES, "development"),
    ):
        if pattern.search(wanted):
            return agent
    return "communication"


def _of_text(ask: Asker, text: str) -> Result:
    """Give the figures of a text and its most telling sentences; all of it is counted, nothing guessed."""
    counts = statistics(text)
    parts = spread(sentences(text), limit=MOST_SENTENCES)
    core = sorted(most_central(ask.vectors(parts), limit=3)) if parts else []
    terms = key_terms(text)
    found: dict[str, Any] = {
        "terms": terms,
        "names": sorted(names(text))[:20],
        "numbers": sorted(digits(text))[:20],
        "core": [parts[index] for index in core],
    }
    lines = [
        f"{counts.words} words in {counts.sentences} sentences ({counts.mean_sentence_words} words each), {counts.distinct_words} distinct; about {counts.reading_s} s to read.",
        f"Most frequent: {', '.join(f'{word} ({count})' for word, count in terms)}.",
        *([f"Names: {', '.join(found['names'])}."] if found["names"] else []),
        *([f"Numbers: {', '.join(found['numbers'])}."] if found["numbers"] else []),
        "Most central sentences:",
        *(f"- {part}" for part in found["core"]),
    ]
    checks = (
        finding(
            "every sentence stands in the text",
            passed=all(prose_part in parts for prose_part in found["core"]),
            weight=weights.FAITHFUL,
        ),
        prose.coverage(" ".join(found["core"]), parts, embed=ask.bench.embed),
    )
    return Result(
        bool(parts),
        "\n".join(lines),
        {**found, "source": asdict(counts), "method": "counted", "notes": []},
        checks,
        "communication",
    )
