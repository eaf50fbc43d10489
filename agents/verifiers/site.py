"""Check a site by running it in the sandbox: its tests, its start, its pages and its calls."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.contract import CodeRunUnavailable, Evidence, ProgramRun, Workbench
from agents.verifiers import weights
from agents.verifiers.code import NOT_RUN
from agents.verifiers.finding import finding
from agents.verifiers.pages import foreign, page_faults, read_page, rooted

HARNESS = Path(__file__).with_name("site_harness.py").read_text(encoding="utf-8")
RUN_S = 90.0
PORT = 8123
OK, REDIRECT = 200, 300


@dataclass(frozen=True)
class SiteTrial:
    """What came of one run of the harness; `report` is empty where nothing ran, `reason` says why."""

    report: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    ran: bool = False

    @property
    def pages(self) -> list[Mapping[str, Any]]:
        """The HTML pages that were read."""
        return [
            one for one in self.report.get("pages", ()) if one["type"] == "text/html" and one["status"] == OK
        ]


def try_site(
    bench: Workbench, files: Mapping[str, str], how: Mapping[str, Any], *, calls: Sequence[Sequence[Any]] = ()
) -> SiteTrial:
    """Run a site in the sandbox under the harness; `how` has test, start, publish, health. Never raises."""
    mark = "REPORT-" + hashlib.sha256(json.dumps([*files.items()]).encode()).hexdigest()[:16]
    serve = f"exec python3 -m http.server $PORT --bind 127.0.0.1 --directory '{how['publish']}'"
    spec = {
        "mark": mark,
        "test": how["test"],
        "start": how["start"] or serve,
        "health": how["health_path"],
        "port": PORT,
        "calls": [list(one) for one in calls],
    }
    sent = {**files, ".check/harness.py": HARNESS, ".check/spec.json": json.dumps(spec)}
    try:
        run = bench.run_program(sent, ["python3 .check/harness.py"], timeout_s=RUN_S)
    except CodeRunUnavailable as absent:
        return SiteTrial(reason=absent.reason)
    return _read(run, mark)


def _read(run: ProgramRun, mark: str) -> SiteTrial:
    line = next((row for row in reversed(run.output.splitlines()) if row.startswith(f"{mark} ")), "")
    if line:
        return SiteTrial(json.loads(line.removeprefix(mark)), ran=True)
    reason = (
        "it did not come to an end in time"
        if run.timed_out
        else f"no report (exit {run.exit_code}): {run.output[-300:]}"
    )
    failed = {"ran": 0, "failed": ["the run"], "passed": False, "output": run.output[-2000:]}
    return SiteTrial(
        {"tests": failed, "health": 0, "pages": [], "calls": [], "log": reason}, reason, ran=True
    )


def site_evidence(trial: SiteTrial, said: Sequence[str] = ()) -> tuple[Evidence, ...]:
    """Turn a trial into findings; `said` are words of the request that must stand on the first page."""
    if not trial.ran:
        return (finding(NOT_RUN, passed=False, weight=weights.NOT_RUN, detail=trial.reason),)
    tests, pages = trial.report["tests"], trial.pages
    counted = (
        f"{tests['ran']} passed"
        if tests["passed"]
        else "; ".join(tests["failed"][:3]) or str(tests["output"])[-300:]
    )
    found = [
        finding(
            "its tests pass in the sandbox",
            passed=bool(tests["passed"]),
            weight=weights.SITE_TESTS,
            detail=counted,
        )
    ]
    well = trial.report["health"] == OK
    log = f"health answers {trial.report['health'] or 'nothing'}; {str(trial.report.get('log', ''))[-300:]}"
    took = f"{trial.report.get('start_ms', 0)} ms"
    found.append(
        finding(
            "it starts and says that it is well",
            passed=well,
            weight=weights.RUNS,
            detail=took if well else log,
        )
    )
    return (*found, *_page_evidence(trial, pages, said)) if well else tuple(found)


def _page_evidence(
    trial: SiteTrial, pages: Sequence[Mapping[str, Any]], said: Sequence[str]
) -> tuple[Evidence, ...]:
    faults = [f"{one['path']}: {fault}" for one in pages for fault in page_faults(one["body"])]
    dead = [
        f"{one['path']} answers {one['status']}"
        for one in trial.report["pages"]
        if not OK <= one["status"] < REDIRECT
    ]
    dead += [f"{link} begins at the root" for one in pages for link in rooted(one["body"])]
    away = [link for one in pages for link in foreign(one["body"])]
    wrong = [
        f"{one['method']} {one['path']} answers {one['status']}, not {one['expected']}"
        for one in trial.report.get("calls", ())
        if one["status"] != one["expected"]
    ]
    text = " ".join(read_page(pages[0]["body"]).text.split()) if pages else ""
    missing = [one for one in said if " ".join(one.split()) not in text]
    rows: tuple[tuple[str, list[str], list[str], weights.Weight], ...] = (
        ("the pages are sound", [] if pages else ["there is no page"], faults, weights.PAGES),
        ("every link leads somewhere", [], dead, weights.LINKS),
        ("nothing is loaded from elsewhere", [], away, weights.SAFE),
        ("every call answers as it should", [], wrong, weights.LINKS),
        ("the page says what was asked", [], missing, weights.COVERS_REQUEST),
    )
    return tuple(
        finding(check, passed=not (none or bad), weight=weight, detail="; ".join([*none, *bad][:3]))
        for check, none, bad, weight in rows
    )
