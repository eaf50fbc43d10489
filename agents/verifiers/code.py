"""Check code a model wrote: by its syntax tree, and by running it in the sandbox."""

import ast
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.contract import CodeRun, CodeRunUnavailable, Evidence, Workbench
from agents.text.code import functions, imports, parameters, parse
from agents.verifiers import weights
from agents.verifiers.finding import finding

HARNESS = Path(__file__).with_name("harness.py").read_text(encoding="utf-8")
RUN_TIMEOUT_S = 10.0
NOT_RUN, UNTESTED = "not run", "its behaviour is tested"
# What is missing, not wrong: these lower the confidence, but the work is delivered all the same.
OPEN = frozenset({NOT_RUN, UNTESTED})
# What a function asked for here has no business with; the sandbox stands behind this, not instead of it.
FORBIDDEN_CALLS = frozenset(
    {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "os.remove", "shutil.rmtree"}
)
FORBIDDEN_MODULES = frozenset({"subprocess", "ctypes", "socket", "multiprocessing", "pickle", "marshal"})
_SAMPLES: Mapping[str, tuple[Any, ...]] = {
    "str": ("one two three", "Level", ""),
    "int": (7, 0, 12),
    "float": (1.5, 0.0, 20.0),
    "bool": (True, False, True),
    "list": ([3, 1, 2], [], [5, 5]),
    "list[str]": (["pear", "fig"], [], ["a"]),
    "dict": ({"a": 1}, {}, {"b": 2, "c": 3}),
}


@dataclass(frozen=True)
class Trial:
    """What came of one run of the harness; `report` is empty where nothing ran, `reason` says why."""

    report: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    ran: bool = False

    @property
    def failed_checks(self) -> list[Mapping[str, Any]]:
        """The checks that did not hold."""
        return [row for row in self.report.get("checks", ()) if not row["passed"]]

    @property
    def failed_tests(self) -> list[Sequence[str]]:
        """(name, message) of each test that failed."""
        return list(self.report.get("tests", {}).get("failed", ()))


def parses(source: str) -> Evidence:
    """Whether the source is Python."""
    tree, fault = parse(source)
    return finding(
        "the code parses", passed=tree is not None and bool(tree.body), weight=weights.PARSES, detail=fault
    )


def signature(source: str, *, name: str, arity: int) -> Evidence:
    """Whether the source defines the function asked for, with as many parameters, and a body that does something."""
    tree, _ = parse(source)
    found = next((one for one in functions(tree) if one.name == name), None) if tree else None
    fault = "" if found else f"{name} is not defined"
    if found and len(parameters(found)) < arity and not found.args.vararg:
        fault = f"{name} takes {len(parameters(found))} of {arity} parameters"
    elif found and all(isinstance(node, ast.Pass) or _bare_constant(node) for node in found.body):
        fault = f"{name} does nothing"
    return finding(
        "the function asked for is there", passed=not fault, weight=weights.SIGNATURE, detail=fault
    )


def _bare_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def safe(source: str) -> Evidence:
    """Whether the code keeps away from calls and modules that a function like this does not need."""
    found = dangerous(source)
    return finding(
        "no dangerous call",
        passed=not found,
        weight=weights.SAFE,
        detail=", ".join(name for _, name in found),
    )


def dangerous(source: str) -> list[tuple[int, str]]:
    """Return (line, name) of each dangerous call or import."""
    tree, _ = parse(source)
    if tree is None:
        return []
    calls = [(node.lineno, ast.unparse(node.func)) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    lines = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    risky = imports(tree) & FORBIDDEN_MODULES
    return [call for call in calls if call[1] in FORBIDDEN_CALLS] + [
        (lines[0], name) for name in sorted(risky)
    ]


def samples(annotations: Sequence[str]) -> list[list[Any]]:
    """Return a few argument lists for parameters of these kinds; unknown kinds get none at all."""
    columns = [
        _SAMPLES.get(kind.replace(" ", ""), _SAMPLES.get(kind.partition("[")[0])) for kind in annotations
    ]
    if not columns or any(column is None for column in columns):
        return []
    return [[column[row] for column in columns if column] for row in range(3)]


def try_out(
    bench: Workbench,
    files: Mapping[str, str],
    *,
    module: str,
    name: str = "",
    samples: Sequence[Sequence[Any]] = (),
    checks: Sequence[str] = (),
    tests: str = "",
    reference: str = "",
    apply: str | None = None,
    seconds_each: float = 2.0,
) -> Trial:
    """Run files in the sandbox under the harness; never raises, a Trial that did not run says why."""
    mark = "REPORT-" + hashlib.sha256("".join(files.values()).encode()).hexdigest()[:16]
    spec: dict[str, Any] = {
        "mark": mark,
        "module": module,
        "name": name,
        "samples": [list(row) for row in samples],
        "checks": list(checks),
    }
    spec |= {"tests": tests, "reference": reference, "apply": apply, "seconds_each": seconds_each}
    try:
        run = bench.run_code(HARNESS, files={**files, "spec.json": json.dumps(spec)}, timeout_s=RUN_TIMEOUT_S)
    except CodeRunUnavailable as absent:
        return Trial(reason=absent.reason)
    return _read(run, mark)


def _read(run: CodeRun, mark: str) -> Trial:
    line = next((row for row in reversed(run.stdout.splitlines()) if row.startswith(f"{mark} ")), "")
    if line:
        return Trial(json.loads(line.removeprefix(mark)), ran=True)
    reason = (
        "it did not come to an end in time"
        if run.timed_out
        else (run.stderr.strip().splitlines() or ["no output"])[-1]
    )
    return Trial({"loaded": False, "error": reason}, reason, ran=True)


def run_evidence(trial: Trial, *, returns: str = "", independent: bool) -> tuple[Evidence, ...]:
    """Turn a trial into findings; `independent` where the tests came from elsewhere than the writer of the code."""
    if not trial.ran:
        return (finding(NOT_RUN, passed=False, weight=weights.NOT_RUN, detail=trial.reason),)
    report = trial.report
    found = [
        finding(
            "the code runs",
            passed=bool(report.get("loaded")) and _samples_ran(report),
            weight=weights.RUNS,
            detail=_run_fault(report),
        )
    ]
    if report.get("samples"):
        found.append(_repeats(report, returns))
    tests = report.get("tests")
    if tests is not None:
        weight = weights.INDEPENDENT_TESTS if independent else weights.MODEL_TESTS
        passed = bool(tests["ran"]) and not tests["failed"] and not tests["error"]
        detail = (
            tests["error"]
            or "; ".join(f"{name}: {fault}" for name, fault in tests["failed"][:2])
            or f"{tests['ran']} passed"
        )
        found.append(finding("its tests pass", passed=passed, weight=weight, detail=detail))
        if report.get("bites") is not None and passed:
            found.append(
                finding(
                    "the tests fail on an empty function", passed=report["bites"], weight=weights.TESTS_BITE
                )
            )
    elif report.get("loaded") and not report.get("reference"):
        found.append(
            finding(
                UNTESTED, passed=False, weight=weights.UNTESTED, detail="nothing says what it should return"
            )
        )
    return tuple(found)


def _samples_ran(report: Mapping[str, Any]) -> bool:
    rows = report.get("samples", ())
    return report.get("defined", True) and (not rows or any(row["ran"] for row in rows))


def _run_fault(report: Mapping[str, Any]) -> str:
    if report.get("error"):
        return str(report["error"])
    if report.get("defined") is False:
        return "the function is not there"
    return next((row["got"] for row in report.get("samples", ()) if not row["ran"]), "")


def _repeats(report: Mapping[str, Any], returns: str) -> Evidence:
    rows = [row for row in report["samples"] if row["ran"]]
    kinds = {row["type"] for row in rows} - {"NoneType"} if returns else set()
    allowed = {returns.partition("[")[0], *({"int"} if returns == "float" else set())}
    strange = sorted(kinds - allowed) if returns in _SAMPLES else []
    steady = bool(rows) and all(row["repeats"] for row in rows)
    detail = f"returns {', '.join(strange)} instead of {returns}" if strange else ""
    return finding(
        "same input, same result of the right type",
        passed=steady and not strange,
        weight=weights.REPEATS,
        detail=detail,
    )


def same_behaviour(trial: Trial) -> Evidence | None:
    """Whether changed code gives what the code before gave on the samples; None where that was not tried."""
    if not trial.report.get("reference") or not trial.report.get("samples"):
        return None
    pairs = zip(trial.report["samples"], trial.report["reference"], strict=True)
    other = [row["given"] for row, before in pairs if before["ran"] and row["got"] != before["got"]]
    return finding(
        "behaves as before",
        passed=not other,
        weight=weights.SAME_BEHAVIOUR,
        detail=f"differs on {other[0]}" if other else "",
    )
