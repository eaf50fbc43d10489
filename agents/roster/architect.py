"""Designs systems: parts with their duties, the data they keep, the calls between them, and what is decided or open."""

from collections.abc import Mapping
from typing import Any

from agents.contract import Profile, Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.design import design
from agents.crafts.looking import LOOKING_TOOLS, ONLY_SEEN, look_around
from agents.crafts.requirements import establish
from agents.text.request import part_of

profile = Profile(
    kind="architect",
    purpose="Design software systems: components, database schema, API endpoints and the technology to use.",
    capabilities=("system_design*", "tech_stack*"),
    task_kind="reason",
    mode="quality",
    prompt="You design small, clear software systems.",
    asks={
        "requirements": "List the requirements of this request with the exact words each rests on.\n\nRequest: {request}",
        "risks": "Task: {request}\nWhat could go wrong? Name two things.",
        "design": "Request: {request}\n\nRequirements:\n{requirements}\n\nDesign the system: components (each names the requirement ids it serves),"
        " entities with fields, HTTP endpoints, and decisions with their reason. Add nothing no requirement asks for.",
        "missing": "Request: {request}\n\nRequirements:\n{requirements}\n\nYour last design left out {missing}. Design the system again:"
        " components (each names the requirement ids it serves), entities with fields, HTTP endpoints, decisions with their reason.",
        "look": "A system is to be designed: {request}\n\nFiles:\n{files}\n\nLook with the tools at what is there already and bears on the design:"
        " code and documents, pages that are named, earlier results. Then answer in at most ten lines with what a designer has to know of it, each"
        f" with the file or address it comes from; do not design yet. {ONLY_SEEN}",
    },
    tools=LOOKING_TOOLS,
)


def execute(task: Task, bench: Workbench) -> Result:
    """Design from the analysis handed over, or from the request itself."""
    ask = Asker(bench, profile)
    request = part_of(task.input, task.asked)
    analysis = next((one for one in task.handovers if one.data.get("requirements")), None)
    data = dict(analysis.data) if analysis else establish(ask, request).data
    rows = list(data["requirements"])
    if not rows:
        return Result(
            False,
            "",
            {"components": [], "notes": []},
            (),
            error="the request names nothing that could be designed",
        )
    there = look_around(ask, task)
    made, checks = design(ask, rows, request.wanted, there=there.as_material)
    by = (
        "Drawn by rules from the words of the request"
        if made["method"] == "rules"
        else "Designed by the model"
    )
    open_questions = tuple(str(one["text"]) for one in data.get("questions", ()))
    written = _written(made, open_questions)
    new = [str(one["name"]) for one in made["components"]]
    evidence = (*checks, *there.evidence, *there.of_paths(written, new=new))
    notes = [f"{by}; {sum(one.passed for one in evidence)} of {len(evidence)} checks passed."]
    result = {**made, "requirements": rows, "open": list(open_questions), "notes": notes, **there.data}
    return Result(
        bool(made["components"]),
        "\n\n".join([*there.told, written, *(f"_{note}_" for note in notes)]),
        result,
        evidence,
        "development",
        suggestions=open_questions,
    )


def _written(made: Mapping[str, Any], open_questions: tuple[str, ...]) -> str:
    lines = [
        "**Parts**",
        *(
            f"- `{one['name']}`: {one['responsibility']} ({', '.join(one['requirements'])})"
            for one in made["components"]
        ),
    ]
    if made["entities"]:
        lines += ["", "**Data model**"]
        lines += [f"- {one['name']}: {_fields(one) or 'fields not said'}" for one in made["entities"]]
    if made["endpoints"]:
        lines += [
            "",
            "**API**",
            *(f"- `{one['method']} {one['path']}` {one['does']}" for one in made["endpoints"]),
        ]
    if made["decisions"]:
        lines += ["", "**Decided**", *(f"- {one['choice']}: {one['because']}" for one in made["decisions"])]
    if open_questions:
        lines += ["", "**Open**", *(f"- {question}" for question in open_questions)]
    return "\n".join(lines)


def _fields(entity: Mapping[str, Any]) -> str:
    return ", ".join(f"{field['name']} {field['type']}" for field in entity["fields"])
