"""Turns requirements into a roadmap: phases that rest on each other, each with a milestone one can see."""

from agents.contract import Profile, Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.looking import LOOKING_TOOLS, ONLY_SEEN, look_around
from agents.crafts.phases import Roadmap, roadmap
from agents.crafts.requirements import establish
from agents.text.request import part_of
from agents.verifiers import weights
from agents.verifiers.finding import finding

profile = Profile(
    kind="strategy",
    purpose="Plan projects: a roadmap of phases with milestones, order and dependencies for reaching a goal.",
    capabilities=("planning*", "roadmap*"),
    task_kind="orchestration",
    mode="quality",
    prompt="You plan work in phases that rest on each other.",
    asks={
        "requirements": "List the requirements of this request with the exact words each rests on.\n\nRequest: {request}",
        "risks": "Task: {request}\nWhat could go wrong? Name two things.",
        "phases": "Request: {request}\n\nRequirements:\n{requirements}\n\nPlan phases in order. Every requirement id belongs to exactly one"
        " phase; each milestone is something one can see or measure. Give no durations that the request does not give.",
        "look": "This is to be planned: {request}\n\nFiles:\n{files}\n\nLook with the tools at what is there already and changes the plan: what is"
        " done, what rests on what, what was decided or learnt before. Then answer in at most ten lines with what a planner has to know, each with"
        f" the file, address or earlier result it comes from; do not plan yet. {ONLY_SEEN}",
    },
    tools=LOOKING_TOOLS,
)


def execute(task: Task, bench: Workbench) -> Result:
    """Plan from the analysis handed over, or from the request itself."""
    ask = Asker(bench, profile)
    own = part_of(task.input, task.asked)
    analysis = next((one for one in task.handovers if one.data.get("requirements")), None)
    data = dict(analysis.data) if analysis else establish(ask, own).data
    rows = list(data["requirements"])
    if not rows:
        return Result(
            False,
            "",
            {"phases": [], "notes": []},
            (),
            error="the request names nothing that could be planned",
        )
    there = look_around(ask, task)
    made = roadmap(ask, rows, own.wanted, depends_on=data.get("depends_on") or {}, there=there.as_material)
    notes = _notes(made, timed=bool(made.phases[0].share))
    written = _written(made, notes)
    evidence = (
        *made.evidence,
        *there.evidence,
        *there.of_paths(written),
        finding("an analysis was handed over", passed=analysis is not None, weight=weights.FACTS_PRESENT),
    )
    result = {"phases": made.data, "requirements": rows, "method": made.method, "notes": notes, **there.data}
    open_questions = tuple(str(one["text"]) for one in data.get("questions", ()))
    return Result(
        all(one.passed for one in made.evidence),
        "\n\n".join([*there.told, written]),
        result,
        evidence,
        "analysis" if not analysis else "architect",
        suggestions=open_questions,
    )


def _notes(made: Roadmap, *, timed: bool) -> list[str]:
    by = (
        "The model planned it; order and completeness were checked."
        if made.method == "model"
        else "Ordered by rules: what others rest on comes first."
    )
    time = (
        "Time is divided by the number of requirements."
        if timed
        else "The request gives no time, so none is stated."
    )
    return [by, time]


def _written(made: Roadmap, notes: list[str]) -> str:
    lines = []
    for number, phase in enumerate(made.phases, 1):
        lines += [
            f"**{number}. {phase.name}**{f' ({phase.share})' if phase.share else ''}",
            f"- Goal: {phase.goal}",
        ]
        lines += [f"- Requirements: {', '.join(phase.requirements)}", f"- Milestone: {phase.milestone}"]
        lines += [f"- Rests on: {', '.join(phase.needs)}", ""] if phase.needs else [""]
    return "\n".join([*lines, *(f"_{note}_" for note in notes)])
