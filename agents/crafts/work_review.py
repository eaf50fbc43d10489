"""Review work on files by running it again: its tests, a linter, a type checker, and faults put in on purpose.

Everything runs in a box of its own, over the files as they are; nothing of what the author said counts.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from agents.contract import CodeRunUnavailable, Evidence, Result, Returned, Task, Workbench
from agents.crafts.hands_on import texts
from agents.text.mutants import mutants
from agents.verifiers import weights
from agents.verifiers.finding import finding
from agents.verifiers.review import Finding
from agents.verifiers.workspace import TESTS, Tests, found, tests_of

MUTANTS = 4  # each is a run of all tests
LINT = "python3 -m ruff check --no-cache --output-format json ."
TYPES = "python3 -m mypy --no-error-summary --cache-dir /dev/null --ignore-missing-imports"
MISSING = ("No module named ruff", "No module named mypy")
MOST_SAID = 12
_MYPY_LINE = re.compile(r"([^:]+):(\d+):(?:\d+:)? error:(.*)")


@dataclass
class Seen:
    """What the reviewer found, and what it could not run."""

    tests: Tests | None = None
    findings: list[Finding] = field(default_factory=list)
    noticed: int = 0
    tried: int = 0
    missing: list[str] = field(default_factory=list)


def handed_work(task: Task) -> Mapping[str, Any] | None:
    """Return the data of the last step that worked on files; None where none did."""
    return next((one.data for one in reversed(task.handovers) if one.data.get("workspace")), None)


def review_work(task: Task, work: Mapping[str, Any], bench: Workbench) -> Result:
    """Return the review of what a step left; rejected work goes back to its author, with what was found."""
    files, touched = texts(bench), dict(work.get("files", {}))
    try:
        seen = _seen(bench, files, touched)
    except CodeRunUnavailable as error:
        said = f"It could not be run again: {error.reason}"
        return Result(False, said, {"verdict": "rejected", "findings": [], "notes": [said]}, error=said)
    return _result(task, work, touched, seen)


def _seen(bench: Workbench, files: Mapping[str, str], touched: Mapping[str, str]) -> Seen:
    seen = Seen(tests=_run_tests(bench, files))
    python = {path: text for path, text in touched.items() if path.endswith(".py")}
    seen.findings = found(python, strict=True)
    seen.findings += _linted(bench, files, python, seen)
    seen.findings += _typed(bench, files, python, seen)
    if seen.tests and seen.tests.good:
        _with_faults(bench, files, python, seen)
    return seen


def _run_tests(bench: Workbench, files: Mapping[str, str]) -> Tests:
    run = bench.run_program(files, [TESTS], timeout_s=120)
    return tests_of(Returned(run.output, data={"exit_code": run.exit_code}))


def _linted(
    bench: Workbench, files: Mapping[str, str], python: Mapping[str, str], seen: Seen
) -> list[Finding]:
    run = bench.run_program(files, [LINT], timeout_s=60)
    try:
        rows = json.loads(run.output[run.output.index("[") :])
    except ValueError:
        seen.missing.append("the linter (ruff)")
        return []
    paths = [
        (next((path for path in python if row["filename"].endswith(f"/{path}")), ""), row) for row in rows
    ]
    return [
        Finding(path, row["location"]["row"], "advice", f"ruff {row['code']}", row["message"])
        for path, row in paths
        if path
    ]


def _typed(
    bench: Workbench, files: Mapping[str, str], python: Mapping[str, str], seen: Seen
) -> list[Finding]:
    checked = [path for path in python if "test" not in path and path.isascii() and " " not in path]
    if not checked:
        return []
    run = bench.run_program(files, [f"{TYPES} {' '.join(checked)}"], timeout_s=120)
    if any(one in run.output for one in MISSING) or run.timed_out:
        seen.missing.append("the type checker (mypy)")
        return []
    return [one for line in run.output.splitlines() if (one := _of_mypy(line, checked))]


def _of_mypy(line: str, checked: Sequence[str]) -> Finding | None:
    match = _MYPY_LINE.match(line)
    if match is None or match[1] not in checked:
        return None
    return Finding(match[1], int(match[2]), "warning", "types", match[3].strip())


def _with_faults(bench: Workbench, files: Mapping[str, str], python: Mapping[str, str], seen: Seen) -> None:
    """Put faults in one at a time and see whether the tests notice."""
    for path, text in python.items():
        if "test" in path:
            continue
        for mutant in mutants(text, limit=MUTANTS - seen.tried):
            seen.tried += 1
            tests = _run_tests(bench, {**files, path: mutant.source})
            if tests.good:
                seen.findings.append(
                    Finding(path, mutant.line, "advice", "weak-test", f"no test notices when {mutant.change}")
                )
            else:
                seen.noticed += 1
        if seen.tried >= MUTANTS:
            return


def _result(task: Task, work: Mapping[str, Any], touched: Mapping[str, str], seen: Seen) -> Result:
    errors = [one for one in seen.findings if one.severity == "error"]
    reasons = [f"{one.file}:{one.line} {one.message}" for one in errors]
    if seen.tests and not seen.tests.good:
        reasons.append(f"its tests: {seen.tests.told}. {seen.tests.said[-600:]}")
    accepted = not reasons
    fault = "; ".join(reasons[:3])
    notes = [
        "Accepted." if accepted else f"Not accepted: {fault}",
        f"Tests run again: {seen.tests.told if seen.tests else 'none'}.",
        *(
            [f"The tests notice {seen.noticed} of {seen.tried} faults put in on purpose."]
            if seen.tried
            else []
        ),
        *(f"Not run: {one} is not there." for one in seen.missing),
    ]
    lines = [f"- `{one.file}:{one.line}` {one.message} ({one.rule})" for one in seen.findings[:MOST_SAID]]
    data = {
        "verdict": "accepted" if accepted else "rejected",
        "fault": fault[:2_000],
        "repairable": not accepted and work.get("written_by") not in {None, "", "rules"},
        "workspace": True,
        "files": dict(touched),
        "findings": [asdict(one) for one in seen.findings],
        "faults_noticed": [seen.noticed, seen.tried],
        "notes": notes,
    }
    output = "\n".join([f"**{notes[0]}** {' '.join(notes[1:])}", *(["", *lines] if lines else [])])
    return Result(
        True, output, data, _evidence(task, seen), "deployment" if accepted else "development", error=None
    )


def _evidence(task: Task, seen: Seen) -> tuple[Evidence, ...]:
    """What speaks for the review itself: it ran the work, and agrees or disagrees with its author in the open."""
    claims = [one for handed in task.handovers for one in handed.evidence if one.check == "its tests pass"]
    ran = seen.tests is not None
    evidence = [finding("the work was run again", passed=ran, weight=weights.RUNS)]
    if claims and seen.tests:
        same = claims[-1].passed == seen.tests.good
        detail = "" if same else f"the author: {claims[-1].detail[:80]}; the review: {seen.tests.told}"
        evidence.append(
            finding(
                "the second run agrees with the first",
                passed=same,
                weight=weights.NUMBERS_ADD_UP,
                detail=detail,
            )
        )
    return tuple(evidence)
