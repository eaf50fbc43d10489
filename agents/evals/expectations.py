"""Properties of a result, each checked by a verifier or read off the result: no result is compared with a stored one."""

from collections.abc import Callable, Mapping
from typing import Any

from agents.confidence import NO_MODEL_PRIOR, confidence
from agents.contract import Evidence, Result, Workbench
from agents.evals.cases import Case
from agents.text.code import parse
from agents.text.unittests import unittest_module
from agents.text.words import sentences
from agents.verifiers import prose
from agents.verifiers.code import try_out
from agents.verifiers.finding import finding
from agents.verifiers.weights import Weight

ONE = Weight(1.0, 1.0)  # every property counts alike
Check = Callable[[Result, Any, Case, Workbench], Evidence]
MISSING = object()


def checked(result: Result, case: Case, bench: Workbench) -> list[Evidence]:
    """Return what each expected property of a case comes to; raises KeyError for an unknown property."""
    found = []
    for row in case.expects:
        for name, argument in row.items():
            one = PROPERTIES[name](result, argument, case, bench)
            label = name.replace("_", " ")
            found.append(Evidence(f"{label}: {_short(argument)}", one.passed, ONE.passed, one.detail))
    return found


def _succeeds(result: Result, wanted: Any, _case: Case, _bench: Workbench) -> Evidence:
    return _is(result.success is wanted, result.error or "")


def _mentions(result: Result, wanted: Any, _case: Case, _bench: Workbench) -> Evidence:
    missing = [word for word in wanted if str(word).casefold() not in result.output.casefold()]
    return _is(not missing, ", ".join(map(str, missing)))


def _omits(result: Result, unwanted: Any, _case: Case, _bench: Workbench) -> Evidence:
    there = [word for word in unwanted if str(word).casefold() in result.output.casefold()]
    return _is(not there, ", ".join(map(str, there)))


def _at_most_words(result: Result, most: Any, _case: Case, _bench: Workbench) -> Evidence:
    return prose.length(_text(result), at_least=1, at_most=int(most))


def _faithful(result: Result, _wanted: Any, case: Case, _bench: Workbench) -> Evidence:
    return prose.faithful(_text(result), f"{case.request} {case.instruction}")


def _covers(result: Result, _wanted: Any, case: Case, bench: Workbench) -> Evidence:
    return prose.coverage(_text(result), sentences(case.request), embed=bench.embed)


def _repeats_nothing(result: Result, _wanted: Any, _case: Case, _bench: Workbench) -> Evidence:
    return prose.repetition(_text(result))


def _check_passes(result: Result, check: Any, _case: Case, _bench: Workbench) -> Evidence:
    found = [one for one in result.evidence if one.check.startswith(str(check))]
    return _is(bool(found) and all(one.passed for one in found), "" if found else "it was not checked")


def _check_fails(result: Result, check: Any, _case: Case, _bench: Workbench) -> Evidence:
    return _is(any(one.check.startswith(str(check)) and not one.passed for one in result.evidence))


def _confidence_at_least(result: Result, least: Any, _case: Case, _bench: Workbench) -> Evidence:
    sure = confidence(NO_MODEL_PRIOR, result.evidence)
    return _is(sure >= float(least), f"{sure:.1f}")


def _confidence_below(result: Result, most: Any, _case: Case, _bench: Workbench) -> Evidence:
    sure = confidence(NO_MODEL_PRIOR, result.evidence)
    return _is(sure < float(most), f"{sure:.1f}")


def _parses(result: Result, name: Any, _case: Case, _bench: Workbench) -> Evidence:
    source = dict(result.data.get("files", {})).get(str(name))
    tree, fault = parse(str(source)) if source else (None, "there is no such file")
    return _is(tree is not None, fault or "")


def _tests_pass(result: Result, wanted: Any, _case: Case, bench: Workbench) -> Evidence:
    """Run our own tests on what was written: {"module", "function", "checks": ["f(2) == 4"]}."""
    files = {name: str(text) for name, text in dict(result.data.get("files", {})).items()}
    module, function = str(wanted["module"]), str(wanted["function"])
    own = unittest_module(module, function, list(wanted["checks"]), title="Cases of the evaluation.")
    trial = try_out(bench, {**files, "test_evaluation.py": own}, module=module, tests="test_evaluation")
    ran = trial.report.get("tests", {}).get("ran", 0)
    return _is(bool(ran) and not trial.failed_tests, trial.reason or "; ".join(map(str, trial.failed_tests)))


def _data(result: Result, wanted: Any, _case: Case, _bench: Workbench) -> Evidence:
    """Compare one value: {"path": "figures.ended", "equals" | "at_least" | "at_most" | "holds": value}."""
    value = _at(result.data, str(wanted["path"]))
    size = len(value) if isinstance(value, list | tuple | dict | str) else value
    tests: Mapping[str, Callable[[Any], bool]] = {
        "equals": lambda other: bool(value == other),
        "at_least": lambda least: isinstance(size, int | float) and size >= least,
        "at_most": lambda most: isinstance(size, int | float) and size <= most,
        "holds": lambda part: value is not MISSING and str(part).casefold() in str(value).casefold(),
    }
    named = {name: test for name, test in tests.items() if name in wanted}
    shown = "nothing there" if value is MISSING else _short(value)
    return _is(bool(named) and all(test(wanted[name]) for name, test in named.items()), shown)


def _at(data: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(data, Mapping) and name in data:
            data = data[name]
        elif isinstance(data, list | tuple) and name.isdigit() and int(name) < len(data):
            data = data[int(name)]
        else:
            return MISSING
    return data


def _text(result: Result) -> str:
    return str(result.data.get("text") or result.output)


def _is(passed: bool, detail: str = "") -> Evidence:
    return finding("", passed=passed, weight=ONE, detail=detail)


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004  a line


PROPERTIES: Mapping[str, Check] = {
    "succeeds": _succeeds,
    "mentions": _mentions,
    "omits": _omits,
    "at_most_words": _at_most_words,
    "faithful": _faithful,
    "covers": _covers,
    "repeats_nothing": _repeats_nothing,
    "check_passes": _check_passes,
    "check_fails": _check_fails,
    "confidence_at_least": _confidence_at_least,
    "confidence_below": _confidence_below,
    "parses": _parses,
    "tests_pass": _tests_pass,
    "data": _data,
}
