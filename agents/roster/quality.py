"""Reviews code: what its syntax tree shows, whether its tests still pass, and whether they would notice a fault."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from agents.contract import Evidence, Profile, Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.site_review import handed_site, review_site
from agents.crafts.work_review import handed_work, review_work
from agents.text.code import parse
from agents.text.mutants import mutants
from agents.text.request import read_request
from agents.verifiers import weights
from agents.verifiers.code import Trial, run_evidence, try_out
from agents.verifiers.finding import finding
from agents.verifiers.review import Finding, review

profile = Profile(
    kind="quality",
    purpose="Review code for faults and security holes, run its tests again and measure whether they notice errors.",
    capabilities=("code_review*", "testing*", "meta_quality"),
    task_kind="code",
    mode="quality",
    prompt="You review code and say in one plain sentence what matters most.",
    asks={
        "review": "Review this code for faults a linter cannot see: wrong results, missing cases, unclear names. It was asked: {request}"
        "\n\n{code}\n\nName up to four, one a line, each with its line number. Write only what is certainly so.",
    },
)
MUTANTS = 6  # a run of the tests each, about a tenth of a second
_BADGES: Mapping[str, str] = {"error": "✗", "warning": "!", "advice": "·"}


def execute(task: Task, bench: Workbench) -> Result:
    """Review every file handed over, or the code in the request itself."""
    site = handed_site(task)
    if site:
        return review_site(site, bench)
    work = handed_work(task)
    if work:
        return review_work(task, work, bench)
    files = _files(task)
    if not files:
        evidence: tuple[Evidence, ...] = (
            finding("there is code to review", passed=False, weight=weights.MATERIAL_GIVEN),
        )
        said = "There is no code to review: none was handed over and none stands in the request."
        return Result(
            False,
            said,
            {"findings": [], "notes": []},
            evidence,
            error=said,
            suggestions=("Send the code in a fenced block.",),
        )
    findings = [
        one
        for name, source in files.items()
        if name.endswith(".py")
        for one in review(source, file=name, strict=not name.startswith("test_"))
    ]
    module, tests = _modules(files)
    trial = try_out(bench, files, module=module, tests=tests) if module else None
    passes = trial is not None and not trial.failed_tests and trial.report.get("tests", {}).get("ran")
    alive = _surviving(bench, files, module, tests) if passes else None
    findings += [
        Finding(f"{module}.py", line, "advice", "weak-test", f"no test notices when {change}")
        for line, change in (alive or ([], 0))[0]
    ]
    comment = _comment(Asker(bench, profile), task, files)
    return _result(task, files, findings, trial=trial, alive=alive, comment=comment)


def _files(task: Task) -> dict[str, str]:
    handed = {name: text for one in task.handovers for name, text in dict(one.data.get("files", {})).items()}
    if handed:
        return {name: str(text) for name, text in handed.items()}
    request = read_request(task.asked)
    return {"solution.py": request.material} if request.kind == "code" else {}


def _modules(files: Mapping[str, str]) -> tuple[str, str]:
    """Return the first module that parses and the test module, "" where there is none."""
    python = [
        name.removesuffix(".py") for name, text in files.items() if name.endswith(".py") and parse(text)[0]
    ]
    sources = [name for name in python if not name.startswith("test_")]
    tests = [name for name in python if name.startswith("test_")]
    return next(iter(sources), ""), next(iter(tests), "")


def _surviving(
    bench: Workbench, files: Mapping[str, str], module: str, tests_module: str
) -> tuple[list[tuple[int, str]], int]:
    """Return (line, change) of the faults no test noticed, and how many were tried."""
    made = mutants(files[f"{module}.py"], limit=MUTANTS)
    alive = []
    for mutant in made:
        trial = try_out(bench, {**files, f"{module}.py": mutant.source}, module=module, tests=tests_module)
        tests = trial.report.get("tests", {})
        if tests.get("ran") and not tests.get("failed") and not tests.get("error"):
            alive.append((mutant.line, mutant.change))
    return alive, len(made)


def _comment(ask: Asker, task: Task, files: Mapping[str, str]) -> list[str]:
    """Let a strong model name what a linter cannot see. A small one is not asked: its remarks are fluent and wrong."""
    if not ask.capable():
        return []
    code = "\n\n".join(f"# {name}\n{text}" for name, text in files.items() if not name.startswith("test_"))
    return ask.lines("review", count=4, code=code, request=task.asked)


def _result(
    task: Task,
    files: Mapping[str, str],
    findings: Sequence[Finding],
    *,
    trial: Trial | None,
    alive: tuple[list[tuple[int, str]], int] | None,
    comment: Sequence[str],
) -> Result:
    errors = [one for one in findings if one.severity == "error"]
    tests = trial.report.get("tests", {}) if trial else {}
    broken = bool(trial and (trial.failed_tests or tests.get("error") or trial.report.get("loaded") is False))
    accepted = not errors and not broken and bool(trial and trial.ran)
    reasons = [
        *(one.message for one in errors),
        *(["its tests do not pass here"] if broken else []),
        *([] if trial and trial.ran else ["it could not be run"]),
    ]
    notes = [
        _tests_note(trial, tests),
        *(
            [f"The tests notice {alive[1] - len(alive[0])} of {alive[1]} faults put in on purpose."]
            if alive and alive[1]
            else []
        ),
    ]
    verdict = "Accepted." if accepted else f"Not accepted: {'; '.join(reasons[:3])}."
    lines = [
        f"- {_BADGES[one.severity]} `{one.file}:{one.line}` {one.message} ({one.rule})" for one in findings
    ]
    output = "\n".join(
        [
            f"**{verdict}** {' '.join(notes)}",
            *(["", *lines] if lines else []),
            *(["", *(f"> {row}" for row in comment)] if comment else []),
        ]
    )
    data: dict[str, Any] = {
        "verdict": "accepted" if accepted else "rejected",
        "findings": [asdict(one) for one in findings],
        "faults_noticed": [alive[1] - len(alive[0]), alive[1]] if alive else None,
        "comment": list(comment),
        "notes": [verdict, *notes],
    }
    evidence = _evidence(task, files, trial)
    return Result(
        True,
        output,
        data,
        evidence,
        "deployment" if accepted else "development",
        suggestions=tuple(one.message for one in errors[:3]),
    )


def _tests_note(trial: Trial | None, tests: Mapping[str, Any]) -> str:
    if trial is None:
        return "No Python that parses was handed over."
    if not trial.ran:
        return f"Not run: {trial.reason}."
    if not tests:
        return (
            "There is no test; it only loads."
            if trial.report.get("loaded")
            else f"It does not load: {trial.report.get('error')}."
        )
    failed = trial.failed_tests
    if tests.get("error"):
        return f"The tests do not load: {tests['error']}."
    return f"{tests['ran'] - len(failed)} of {tests['ran']} tests pass." + (
        f" First failure: {failed[0][0]}: {failed[0][1]}" if failed else ""
    )


def _evidence(task: Task, files: Mapping[str, str], trial: Trial | None) -> tuple[Evidence, ...]:
    """What speaks for the review itself: it read everything, ran it, and agrees with who wrote it."""
    read = [name for name in files if name.endswith(".py")]
    found = [
        finding(
            "every file was read",
            passed=len(read) == len(files),
            weight=weights.FACTS_PRESENT,
            detail=f"{len(read)} of {len(files)}",
        )
    ]
    if trial is None or not trial.ran:
        return (*found, *run_evidence(trial or Trial(reason="nothing parses"), independent=False))
    found.append(finding("the code was run again", passed=True, weight=weights.RUNS))
    claims = [one.data.get("run", {}).get("tests") for one in task.handovers if one.data.get("run")]
    again = trial.report.get("tests")
    if claims and claims[0] is not None and again is not None:
        same = len(claims[0].get("failed", ())) == len(again.get("failed", ()))
        found.append(
            finding("the second run agrees with the first", passed=same, weight=weights.NUMBERS_ADD_UP)
        )
    return tuple(found)
