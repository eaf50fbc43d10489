"""Review a site that was handed over: run it again, read its pages and code, and put faults into its function on purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.contract import Evidence, Handover, Result, Task, Workbench
from agents.text.code import parse
from agents.text.mutants import mutants
from agents.verifiers import weights
from agents.verifiers.code import dangerous, try_out
from agents.verifiers.finding import finding
from agents.verifiers.pages import page_faults
from agents.verifiers.review import Finding, review
from agents.verifiers.site import SiteTrial, site_evidence, try_site

MUTANTS = 6  # a run of the function's tests each


@dataclass(frozen=True)
class _Reviewed:
    """What the review found out."""

    trial: SiteTrial
    findings: Sequence[Finding]
    noticed: tuple[int, int]  # of so many faults put in on purpose
    evidence: tuple[Evidence, ...]

    @property
    def faults(self) -> list[str]:
        """What speaks against accepting it."""
        errors = [f"{one.file}:{one.line} {one.message}" for one in self.findings if one.severity == "error"]
        return [
            *errors,
            *(f"{one.check}: no. {one.detail}".strip() for one in self.evidence if not one.passed),
        ]


def handed_site(task: Task) -> Handover | None:
    """Return the last handover that holds a site, None where there is none."""
    return next((one for one in reversed(task.handovers) if one.data.get("site")), None)


def review_site(handed: Handover, bench: Workbench) -> Result:
    """Return the verdict on a site."""
    files = {name: str(text) for name, text in dict(handed.data["files"]).items()}
    site: Mapping[str, Any] = handed.data["site"]
    trial = try_site(bench, files, site["how"], calls=site["calls"])
    findings = _read(files, site)
    noticed = _noticed(bench, files, site) if trial.ran else (0, 0)
    checks = (*_own(files, handed, trial), *site_evidence(trial, site["said"]))
    return _result(_Reviewed(trial, findings, noticed, checks))


def _read(files: Mapping[str, str], site: Mapping[str, Any]) -> list[Finding]:
    """Review the function that was written for this site; the template's own code is reviewed where it is kept."""
    found = [
        one
        for name in site["functions"]
        for one in review(files[name], file=name, strict=not name.startswith("test_"))
    ]
    return [one for one in found if one.severity == "error" or not one.file.startswith("test_")]


def _own(files: Mapping[str, str], handed: Handover, trial: SiteTrial) -> tuple[Evidence, ...]:
    """Look at what the maker did not look at: code that does not parse, dangerous calls, pages as they lie there."""
    python = {name: text for name, text in files.items() if name.endswith(".py")}
    broken = [name for name, text in python.items() if parse(text)[0] is None]
    calls = [
        f"{name}:{line} {call}"
        for name, text in python.items()
        for line, call in dangerous(text)
        if not _test(name)
    ]
    lying = [
        f"{name}: {fault}"
        for name, text in files.items()
        if _whole(name, text)
        for fault in page_faults(text)
    ]
    found = [
        finding("all of its code parses", passed=not broken, weight=weights.PARSES, detail=", ".join(broken)),
        finding("no dangerous call", passed=not calls, weight=weights.SAFE, detail="; ".join(calls[:3])),
        finding(
            "its pages are sound as they lie there",
            passed=not lying,
            weight=weights.PAGES,
            detail="; ".join(lying[:3]),
        ),
    ]
    claimed = dict(handed.data.get("run") or {}).get("tests", {})
    if trial.ran and claimed:
        again = trial.report["tests"]
        same = bool(claimed.get("passed")) == bool(again["passed"]) and claimed.get("ran") == again["ran"]
        found.append(
            finding("the second run agrees with the first", passed=same, weight=weights.NUMBERS_ADD_UP)
        )
    return tuple(found)


def _test(name: str) -> bool:
    return name.rpartition("/")[2].startswith(("test_", "tests.", "cases."))


def _whole(name: str, text: str) -> bool:
    """Return whether a file is a whole page, not a template that a program fills."""
    return name.endswith(".html") and "{{" not in text and "{%" not in text


def _noticed(bench: Workbench, files: Mapping[str, str], site: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many of the faults put into the site's function its tests notice, and how many were put in."""
    own = [name for name in site["functions"] if not _test(name) and f"test_{name}" in site["functions"]]
    tried = noticed = 0
    for name in own:
        beside = {name: files[name], f"test_{name}": files[f"test_{name}"]}
        for mutant in mutants(files[name], limit=MUTANTS):
            trial = try_out(
                bench, {**beside, name: mutant.source}, module=name[:-3], tests=f"test_{name[:-3]}"
            )
            tests = trial.report.get("tests", {})
            tried += 1
            noticed += bool(not trial.report.get("loaded") or tests.get("failed") or tests.get("error"))
    return noticed, tried


def _result(made: _Reviewed) -> Result:
    accepted = made.trial.ran and not made.faults
    reasons = made.faults if made.trial.ran else [f"it could not be run: {made.trial.reason}"]
    verdict = "Accepted." if accepted else f"Not accepted: {'; '.join(reasons[:3])}"
    notes = [verdict, *_ran(made)]
    rows = [f"- `{one.file}:{one.line}` {one.message} ({one.rule})" for one in made.findings]
    checks = [
        f"- {'✓' if one.passed else '✗'} {one.check}{f': {one.detail}' if one.detail else ''}"
        for one in made.evidence
    ]
    data: dict[str, Any] = {
        "verdict": "accepted" if accepted else "rejected",
        "repairable": made.trial.ran and not accepted,
        "fault": "" if accepted else "; ".join(reasons[:3]),
        "faults_noticed": list(made.noticed) if made.noticed[1] else None,
        "findings": [
            {"file": one.file, "line": one.line, "message": one.message, "severity": one.severity}
            for one in made.findings
        ],
        "notes": notes,
    }
    return Result(
        True,
        "\n".join([f"**{verdict}** {' '.join(notes[1:])}", "", *checks, *rows]),
        data,
        made.evidence,
        "deployment" if accepted else "development",
        suggestions=tuple(reasons[:3]) if not accepted else (),
    )


def _ran(made: _Reviewed) -> list[str]:
    if not made.trial.ran:
        return []
    tests, calls = made.trial.report["tests"], made.trial.report.get("calls", ())
    found = [
        f"Run again on its own: {tests['ran'] - len(tests['failed'])} of {tests['ran']} tests pass; tried: calls {len(calls)}, addresses {len(made.trial.report['pages'])}."
    ]
    if made.noticed[1]:
        found.append(
            f"The function's tests notice {made.noticed[0]} of {made.noticed[1]} faults put in on purpose."
        )
    return found
