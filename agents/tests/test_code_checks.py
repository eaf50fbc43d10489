"""Code is checked by its tree and by running it; what could not be run is said."""

import json
from pathlib import Path
from typing import Any

import pytest

from agents.contract import CodeRun
from agents.tests.bench import Bench
from agents.text.unittests import over_f, unittest_module
from agents.verifiers import code, harness

ADD = "def add(a, b):\n    return a + b\n"
TESTS = unittest_module("add", "add", ["f(2, 3) == 5", "f(0, 0) == 0"], title="Adds.")


def trial(source, *, tests=TESTS, **options):
    return code.try_out(
        Bench(),
        {"add.py": source, "test_add.py": tests},
        module="add",
        name="add",
        tests="test_add",
        **options,
    )


def failed(evidence):
    return [one.check for one in evidence if not one.passed]


def test_sound_code_passes_everything():
    """It parses, is safe, runs, repeats, passes its tests, and the tests would notice an empty function."""
    made = trial(ADD, samples=[[1, 2], [0, 0]])
    assert made.ran
    assert made.report["tests"] == {"ran": 2, "failed": [], "error": ""}
    assert made.report["bites"] is True
    assert failed(code.run_evidence(made, returns="int", independent=True)) == []


@pytest.mark.parametrize(
    ("source", "check"),
    [
        ("def add(a, b):\n    return a - b\n", "its tests pass"),
        ("import nowhere\n" + ADD, "the code runs"),
        ("def other():\n    return 1\n", "the code runs"),
        (
            "import random\ndef add(a, b):\n    return a + b + random.random()\n",
            "same input, same result of the right type",
        ),
        ("def add(a, b):\n    return str(a + b)\n", "same input, same result of the right type"),
        ("def add(a, b):\n    while True:\n        pass\n", "the code runs"),
        ("import sys\nsys.exit(3)\n", "the code runs"),
    ],
)
def test_each_fault_fails_its_check(source, check):
    """Wrong results, missing modules and names, chance, wrong types, endless loops and exits are all noticed."""
    made = trial(source, samples=[[1, 2], [5, 5]], seconds_each=0.2)
    assert check in failed(code.run_evidence(made, returns="int", independent=True))


def test_vacuous_tests_do_not_bite():
    """Tests that pass on a function that does nothing are found out."""
    made = trial(ADD, tests=unittest_module("add", "add", ["True"], title="Nothing."))
    assert failed(code.run_evidence(made, independent=True)) == ["the tests fail on an empty function"]


def test_without_a_sandbox_nothing_is_claimed():
    """The evidence says "not run" and why."""
    made = code.try_out(Bench(sandbox=False), {"add.py": ADD}, module="add")
    (only,) = code.run_evidence(made, independent=True)
    assert (only.check, only.passed) == ("not run", False)
    assert "no sandbox" in only.detail


def test_untested_code_is_called_untested():
    """Running alone proves no behaviour."""
    made = code.try_out(Bench(), {"add.py": ADD}, module="add", name="add", samples=[[1, 2]])
    assert failed(code.run_evidence(made, independent=False)) == [code.UNTESTED]


def test_a_run_that_says_nothing_is_a_failure():
    """A program that died or was stopped leaves its reason."""

    class Silent(Bench):
        def run_code(self, code, **_):
            return CodeRun(137, timed_out=True) if self.strong else CodeRun(1, stderr="Killed\n")

    assert code.try_out(Silent(), {}, module="x").report["error"] == "Killed"
    assert "in time" in code.try_out(Silent(strong=True), {}, module="x").report["error"]


def test_a_function_is_applied_to_the_material():
    """What the request brought along is what the code is tried on."""
    made = code.try_out(
        Bench(), {"n.py": "def n(text):\n    return len(text)\n"}, module="n", name="n", apply="four"
    )
    assert made.report["applied"] == {"ran": True, "got": "4"}


def test_changed_code_is_compared_with_what_it_was():
    """Same results on the samples pass, others name the sample, and untried code says nothing."""
    files = {"solution.py": "def f(x):\n    return x * 2\n", "before.py": "def f(x):\n    return x + x\n"}
    options: dict[str, Any] = {
        "module": "solution",
        "name": "f",
        "samples": [[1], [4]],
        "reference": "before",
    }
    assert code.same_behaviour(code.try_out(Bench(), files, **options)).passed
    files["solution.py"] = "def f(x):\n    return x * 3\n"
    other = code.same_behaviour(code.try_out(Bench(), files, **options))
    assert not other.passed
    assert other.detail == "differs on [1]"
    assert code.same_behaviour(code.Trial()) is None


@pytest.mark.parametrize(
    ("source", "passed"),
    [
        (ADD, True),
        ("def add(a):\n    return a\n", False),
        ("def add(*numbers):\n    return sum(numbers)\n", True),
        ('def add(a, b):\n    """Adds."""\n', False),
        ("def add(a, b): pass\n", False),
        ("x = 1", False),
        ("def (", False),
    ],
)
def test_the_function_asked_for_must_be_there(source, passed):
    """By name, with enough parameters, and doing something."""
    assert code.signature(source, name="add", arity=2).passed is passed


def test_dangerous_calls_are_seen():
    """Calls and modules a small function has no business with are named with their line."""
    assert code.dangerous("import subprocess\nx = eval('1')\n") == [(2, "eval"), (1, "subprocess")]
    assert code.safe(ADD).passed
    assert not code.safe("import os\nos.system('ls')").passed
    assert code.dangerous("def (") == []
    assert not code.parses("def (").passed


def test_samples_fit_the_annotations():
    """One list of arguments for each row; an unknown kind gives none."""
    assert code.samples(["int", "str"])[0] == [7, "one two three"]
    assert code.samples(["list[int]"])[0] == [[3, 1, 2]]
    assert code.samples(["Wizard"]) == []
    assert code.samples([]) == []


def test_examples_become_tests():
    """An example of the request is a check over f, and a unittest under the function's name."""
    assert over_f("add(1, 2)", "3", "add") == "f(1, 2) == 3"
    assert "self.assertEqual(add(2, 3), 5)" in TESTS
    assert "self.assertTrue(add(1, 1) > 1)" in unittest_module("add", "add", ["f(1, 1) > 1"], title="T.")


def test_the_harness_answers_one_line(tmp_path: Path, monkeypatch, capsys):
    """Inside the box it prints nothing but its mark and the report, whatever the code prints."""
    (tmp_path / "noisy.py").write_text("print('noise')\ndef noisy(x):\n    print(x)\n    return x\n")
    (tmp_path / "test_noisy.py").write_text(
        unittest_module("noisy", "noisy", ["f(1) == 2", "f(1) == 1"], title="T.")
    )
    spec: dict[str, Any] = {
        "mark": "M",
        "module": "noisy",
        "name": "noisy",
        "samples": [[1]],
        "checks": ["f(1) == 1", "f()"],
    }
    spec |= {"tests": "test_noisy", "reference": "noisy", "apply": "x", "seconds_each": 1}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    harness.main()
    (line,) = capsys.readouterr().out.splitlines()
    report = json.loads(line.removeprefix("M "))
    assert [row["passed"] for row in report["checks"]] == [True, False]
    assert report["tests"]["failed"][0][0] == "test_1"
    assert report["bites"] is True
    assert report["samples"] == report["reference"]
