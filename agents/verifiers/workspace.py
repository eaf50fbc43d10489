"""Check files that were worked on: they parse, their tests run and pass, nothing certain is wrong; the platform runs it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agents.contract import Evidence, Returned
from agents.text.code import parse
from agents.verifiers import weights
from agents.verifiers.finding import finding
from agents.verifiers.review import Finding, review

TESTS = "python3 -m pytest -q -p no:cacheprovider"
_COUNT = re.compile(r"\b(\d+) (passed|failed|error|errors|skipped)\b")
NOTHING_COLLECTED = 5  # pytest's exit code
MOST_SAID = 1_500


@dataclass(frozen=True)
class Tests:
    """What a run of pytest said; `said` is the end of its output."""

    passed: int
    failed: int
    exit_code: int
    said: str

    @property
    def good(self) -> bool:
        """True where there are tests and all of them pass."""
        return self.exit_code == 0 and self.passed > 0

    @property
    def there(self) -> bool:
        """Whether any test was found."""
        return self.exit_code != NOTHING_COLLECTED

    @property
    def told(self) -> str:
        """The counts in words."""
        if not self.there:
            return "no tests"
        return f"{self.passed} passed, {self.failed} failed"


def tests_of(returned: Returned) -> Tests:
    """Read what a run of `TESTS` returned."""
    counts: dict[str, int] = {}
    for number, what in _COUNT.findall(returned.text[-MOST_SAID:]):
        counts[what.rstrip("s")] = int(number)
    failed = counts.get("failed", 0) + counts.get("error", 0)
    return Tests(
        counts.get("passed", 0), failed, int(returned.data.get("exit_code", -1)), returned.text[-MOST_SAID:]
    )


def checked(files: Mapping[str, str], tests: Tests, *, independent: bool) -> tuple[Evidence, ...]:
    """Return the findings on files and the run of their tests; `independent`: the tests are not the writer's own."""
    python = {path: text for path, text in files.items() if path.endswith(".py")}
    broken = [path for path, text in python.items() if parse(text)[0] is None]
    errors = [one for one in found(python) if one.severity == "error"]
    worth = weights.INDEPENDENT_TESTS if independent else weights.MODEL_TESTS
    return (
        finding(
            "every file parses",
            passed=bool(python) and not broken,
            weight=weights.PARSES,
            detail=", ".join(broken),
        ),
        finding(
            "a review finds no error",
            passed=not errors,
            weight=weights.SAFE,
            detail="; ".join(f"{one.file}:{one.line} {one.message}" for one in errors[:3]),
        ),
        finding(
            "there are tests",
            passed=tests.there,
            weight=weights.UNTESTED,
            detail="" if tests.there else "no test was found",
        ),
        finding(
            "its tests pass",
            passed=tests.good,
            weight=worth,
            detail=tests.told if tests.good else f"{tests.told}. {tests.said[-600:]}",
        ),
    )


def found(python: Mapping[str, str], *, strict: bool = False) -> list[Finding]:
    """Return what a review says of Python files; `strict` adds advice, which tests need not heed."""
    return [
        one
        for path, text in python.items()
        for one in review(text, file=path, strict=strict and "test" not in path)
    ]


def fault_of(evidence: tuple[Evidence, ...]) -> str:
    """Return what failed, in words, "" where nothing did."""
    return "\n".join(f"{one.check}: no. {one.detail}" for one in evidence if not one.passed)
