"""Runs inside the sandbox: loads `solution.py` and tries what `spec.json` names. Its text is sent; it is not called here.

The spec: {"mark", "name", "samples": [[argument, ...]], "checks": [source over f], "tests": module name or "",
"reference": module name or "", "apply": argument or null, "seconds_each": number}. One line "<mark> <json>" on standard output is the answer.
"""

# ruff: noqa: BLE001, S307 - foreign code may raise anything, and evaluating the given checks is the purpose
import contextlib
import importlib
import io
import json
import os
import signal
import sys
import unittest
from collections.abc import Callable
from typing import Any

LIMIT = {"seconds": 2.0}  # of each call


class TooSlowError(Exception):
    """One call took longer than it may."""


def _ring(*_: object) -> None:
    raise TooSlowError


class LimitedResult(unittest.TestResult):
    """Gives each test its own time."""

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        """Start the clock."""
        super().startTest(test)
        _arm()

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        """Stop the clock."""
        _disarm()
        super().stopTest(test)


def _arm() -> None:
    signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, LIMIT["seconds"])


def _disarm() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)


def limited(call: Callable[[], Any]) -> tuple[bool, Any]:
    """Return (True, value) or (False, "Error: text")."""
    _arm()
    try:
        return True, call()
    except BaseException as error:
        return False, f"{type(error).__name__}: {error}"[:300]
    finally:
        _disarm()


def checked(spec: dict[str, Any], function: Any) -> list[dict[str, Any]]:
    """Try each check on a function."""
    rows = []
    for source in spec["checks"]:
        ran, value = limited(lambda source=source: eval(source, {"f": function}))  # type: ignore[misc]
        rows.append({"check": source, "passed": ran and value is True, "got": "" if ran else value})
    return rows


def tried(spec: dict[str, Any], function: Any) -> list[dict[str, Any]]:
    """Call a function on each sample, twice, to see its result's type and whether it repeats."""
    rows = []
    for arguments in spec["samples"]:
        given = json.dumps(arguments)
        ran, value = limited(lambda given=given: function(*json.loads(given)))  # type: ignore[misc]
        _, again = limited(lambda given=given: function(*json.loads(given)))  # type: ignore[misc]
        kind = type(value).__name__ if ran else ""
        rows.append(
            {
                "given": given,
                "ran": ran,
                "got": repr(value)[:200],
                "type": kind,
                "repeats": repr(value) == repr(again),
            }
        )
    return rows


def tested(module: str) -> dict[str, Any]:
    """Run a unittest module."""
    ran, loaded = limited(lambda: importlib.import_module(module))
    if not ran:
        return {"ran": 0, "failed": [], "error": loaded}
    outcome = LimitedResult()
    unittest.defaultTestLoader.loadTestsFromModule(loaded).run(outcome)
    failed = [
        [str(test).split(" ")[0], text.strip().splitlines()[-1][:300]]
        for test, text in outcome.failures + outcome.errors
    ]
    return {"ran": outcome.testsRun, "failed": failed, "error": ""}


def bites(spec: dict[str, Any], solution: Any) -> bool:
    """Return whether the tests fail once the function does nothing."""
    own = getattr(solution, spec["name"])
    setattr(solution, spec["name"], lambda *_, **__: None)
    sys.modules.pop(spec["tests"], None)
    try:
        again = tested(spec["tests"])
    finally:
        setattr(solution, spec["name"], own)
    return bool(again["failed"] or again["error"])


def report(spec: dict[str, Any]) -> dict[str, Any]:
    """Return everything found out."""
    LIMIT["seconds"] = spec["seconds_each"]
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 - no pathlib start-up cost in a 4-second sandbox
    ran, solution = limited(lambda: importlib.import_module(spec["module"]))
    if not ran:
        return {"loaded": False, "error": solution}
    found: dict[str, Any] = {"loaded": True, "error": ""}
    if spec["name"]:
        function = getattr(solution, spec["name"], None)
        found["defined"] = callable(function)
        if not callable(function):
            return found
        found |= {"checks": checked(spec, function), "samples": tried(spec, function)}
        if spec["reference"]:
            other = getattr(importlib.import_module(spec["reference"]), spec["name"], None)
            found["reference"] = tried(spec, other) if other else []
        if spec["apply"] is not None:
            ran, value = limited(lambda: function(spec["apply"]))
            found["applied"] = {"ran": ran, "got": repr(value)[:300]}
    if spec["tests"]:
        found["tests"] = tested(spec["tests"])
        found["bites"] = bites(spec, solution) if spec["name"] and found["tests"]["ran"] else None
    return found


def main() -> None:
    """Read the spec, work with standard output shut, write the one line."""
    with open("spec.json", encoding="utf-8") as file:  # noqa: PTH123
        spec = json.load(file)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        answer = report(spec)
    sys.stdout.write(f"{spec['mark']} {json.dumps(answer)}\n")


if __name__ == "__main__":
    main()
