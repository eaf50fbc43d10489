"""Designs systems: parts with their duties, the data they keep, the calls between them, and what is decided or open."""

from collections.abc import Mapping
from typing import Any

from agents.contract import Profile, Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.design import design
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
    },
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
    made, evidence = design(ask, rows, request.wanted)
    by = (
        "Drawn by rules from the words of the request"
        if made["method"] == "rules"
        else "Designed by the model"
    )
    notes = [f"{by}; {sum(one.passed for one in evidence)} of {len(evidence)} checks passed."]
    open_questions = tuple(str(one["text"]) for one in data.get("questions", ()))
    result = {**made, "requirements": rows, "open": list(open_questions), "notes": notes}
    return Result(
        bool(made["components"]),
        _written(made, open_questions, notes),
        result,
        evidence,
        "development",
        suggestions=open_questions,
    )


def _written(made: Mapping[str, Any], open_questions: tuple[str, ...], notes: list[str]) -> str:
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
    return "\n".join([*lines, "", *(f"_{note}_" for note in notes)])


def _fields(entity: Mapping[str, Any]) -> str:
    return ", ".join(f"{field['name']} {field['type']}" for field in entity["fields"])
