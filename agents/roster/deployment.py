"""Prepares shipping: a recipe for the artefacts handed over, parsed and compared with them, started once in the sandbox."""

from typing import Any

from agents.contract import Evidence, Profile, Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.going_online import go_online
from agents.crafts.hands_on import may_use, used
from agents.crafts.looking import NOTHING, ONLY_SEEN, Looked, looked
from agents.crafts.site_review import handed_site
from agents.text.request import read_request
from agents.text.shipping import FRAMEWORKS, Cargo, cargo_of, recipe
from agents.verifiers import code as checks_of
from agents.verifiers import recipe as checks
from agents.verifiers import weights
from agents.verifiers.code import Trial, try_out
from agents.verifiers.finding import finding

profile = Profile(
    kind="deployment",
    purpose="Ship software: Dockerfile, compose file, CI/CD pipeline and release of finished code.",
    capabilities=("deploy*", "ci_cd"),
    task_kind="chat",
    mode="speed",
    prompt="You prepare releases and name what could stop them.",
    asks={
        "risks": "This is to be released:\n{recipe}\n\nIt was asked: {request}\nWhat would stop this release? Name up to three things, one a line. Write only what is certainly so.",
        "look": "A release is to be prepared: {request}\n\nFiles:\n{files}\n\nLook with the tools at what is deployed already and at what is to be"
        " shipped. Then answer in at most six lines with what whoever releases it has to know: which releases are there, in which state, and what of"
        f" them stands in the way. Nothing is deployed by this. {ONLY_SEEN}",
    },
    tools=("list_files", "read_file", "list_deployments", "recall_memory"),
)


def execute(task: Task, bench: Workbench) -> Result:
    """Write the recipe for what was handed over, or for the stack the request names, and check it."""
    site = handed_site(task)
    if site and task.shipping:
        return go_online(task, site, bench, task.shipping)
    files = _artefacts(task)
    cargo = cargo_of(files, f"{task.input}. {read_request(task.asked).wanted}")
    if not files and not cargo.serves:
        said = (
            "There is nothing to ship: no code was handed over and the request names none of"
            f" {', '.join(name.capitalize() for name in FRAMEWORKS)}."
        )
        missing: tuple[Evidence, ...] = (
            finding("there is something to ship", passed=False, weight=weights.MATERIAL_GIVEN),
        )
        return Result(
            False,
            said,
            {"files": {}, "notes": [said]},
            missing,
            error=said,
            suggestions=("Send the code, or let it be written first.",),
        )
    made = recipe(cargo)
    trial = (
        try_out(bench, files, module=cargo.entry)
        if files and not cargo.packages
        else Trial(reason=_why_not(cargo))
    )
    evidence = _evidence(task, made, files, trial)
    notes = [_start_note(trial, cargo), "Nothing was released: that takes a target and its key."]
    notes += (
        ["The packages in requirements.txt carry no versions; pin them before a release."]
        if cargo.packages
        else []
    )
    ask = Asker(bench, profile)
    there = _deployed(ask, task)
    asked = f"{task.asked}{there.as_material}"
    stops = ask.lines("risks", count=3, recipe=made["Dockerfile"], request=asked) if ask.capable() else []
    output = "\n\n".join(
        [
            *there.told,
            *(f"`{name}`\n```{_fence(name)}\n{text.rstrip()}\n```" for name, text in made.items()),
            *notes,
            *(f"- {stop}" for stop in stops),
        ]
    )
    data: dict[str, Any] = {
        "files": {**files, **made},
        "recipe": made,
        "port": cargo.port,
        "serves": cargo.serves,
        "packages": list(cargo.packages),
        "notes": notes,
        **there.data,
    }
    wrong = next(
        (f"{one.check}: {one.detail}" for one in evidence if not one.passed and one.check not in _SOFT), None
    )
    return Result(wrong is None, output, data, (*evidence, *there.evidence), "monitoring", error=wrong)


def _deployed(ask: Asker, task: Task) -> Looked:
    """Look at what is deployed already, where a model can tell what of it matters; NOTHING where nothing is."""
    if not ask.capable() or not may_use(ask.bench, "list_deployments"):
        return NOTHING
    listed = used(ask.bench, "What is deployed already", "list_deployments", {})
    return looked(ask, task) if listed.data.get("items") else NOTHING


_SOFT = checks_of.OPEN | {"the code was accepted", "code was handed over"}


def _artefacts(task: Task) -> dict[str, str]:
    """Return the code files handed over; earlier recipes are not cargo."""
    found: dict[str, str] = {}
    for one in task.handovers:
        found |= {
            name: str(text) for name, text in dict(one.data.get("files", {})).items() if name.endswith(".py")
        }
    request = read_request(task.asked)
    return found or ({"app.py": request.material} if request.kind == "code" else {})


def _why_not(cargo: Cargo) -> str:
    return (
        f"it needs {', '.join(cargo.packages)}, which the sandbox does not have"
        if cargo.packages
        else "no code was handed over"
    )


def _start_note(trial: Trial, cargo: Cargo) -> str:
    if not trial.ran:
        return f"Not started here: {trial.reason}."
    return (
        f"`{cargo.entry}` starts in the sandbox."
        if trial.report.get("loaded")
        else f"**`{cargo.entry}` does not start**: {trial.report.get('error')}."
    )


def _evidence(task: Task, made: dict[str, str], files: dict[str, str], trial: Trial) -> tuple[Evidence, ...]:
    there = {*files, *made}
    found = [
        *checks.dockerfile(made["Dockerfile"], artefacts=there),
        checks.compose(made["compose.yaml"]),
        checks.workflow(made[".github/workflows/ci.yaml"]),
        checks.no_secret("\n".join([*made.values(), *files.values()])),
        finding("code was handed over", passed=bool(files), weight=weights.FACTS_PRESENT),
    ]
    verdicts = [one.data["verdict"] for one in task.handovers if one.data.get("verdict")]
    if verdicts:
        found.append(
            finding(
                "the code was accepted",
                passed=all(one == "accepted" for one in verdicts),
                weight=weights.PARTS_SUCCEEDED,
            )
        )
    if trial.ran:
        loaded = bool(trial.report.get("loaded"))
        found.append(
            finding(
                "it starts",
                passed=loaded,
                weight=weights.RUNS,
                detail="" if loaded else str(trial.report.get("error")),
            )
        )
    else:
        found.append(finding(checks_of.NOT_RUN, passed=False, weight=weights.NOT_RUN, detail=trial.reason))
    return tuple(found)


def _fence(name: str) -> str:
    return "dockerfile" if name == "Dockerfile" else "yaml" if name.endswith(".yaml") else ""
