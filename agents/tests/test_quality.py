"""Quality reads the code, runs its tests again and measures whether they would notice a fault."""

from agents.contract import Handover, Task
from agents.roster.quality import execute
from agents.tests.bench import Bench, away
from agents.text.unittests import unittest_module

ADD = 'def add(a: int, b: int) -> int:\n    """Add."""\n    return a + b\n'
TESTS = unittest_module("add", "add", ["f(2, 3) == 5", "f(0, 0) == 0"], title="Adds.")


def handed(code=ADD, tests=TESTS, *, run=None):
    data = {"files": {"add.py": code, "test_add.py": tests}} | ({"run": run} if run else {})
    return (Handover("development", "development", "", "code", data),)


def judge(handovers=(), script=away, *, request="Write add", **options):
    bench = Bench(script, **options)
    return execute(Task("1", "Review the code", request, handovers=handovers), bench), bench


def test_it_works():
    """Sound code with biting tests is accepted, and goes on to deployment."""
    result, bench = judge(handed(run={"tests": {"ran": 2, "failed": []}}))
    assert result.data["verdict"] == "accepted"
    assert "2 of 2 tests pass" in result.output
    assert result.data["faults_noticed"] == [2, 2]
    assert result.next_agent == "deployment"
    assert all(one.passed for one in result.evidence)
    assert bench.prompts == []


def test_failing_tests_reject():
    """The first failure is quoted, and the code goes back."""
    result, _ = judge(handed(ADD.replace("+", "-")))
    assert result.data["verdict"] == "rejected"
    assert "First failure: test_1" in result.output
    assert result.next_agent == "development"
    assert result.data["faults_noticed"] is None


def test_weak_tests_are_found_out():
    """A fault put in on purpose that no test notices becomes a finding with its line."""
    result, _ = judge(handed(tests=unittest_module("add", "add", ["f(0, 0) == 0"], title="Weak.")))
    assert result.data["faults_noticed"] == [1, 2]
    assert any(one["rule"] == "weak-test" and one["line"] == 3 for one in result.data["findings"])


def test_a_second_run_may_disagree_with_the_first():
    """What development claimed is compared with what is seen now."""
    result, _ = judge(handed(ADD.replace("+", "-"), run={"tests": {"ran": 2, "failed": []}}))
    assert "the second run agrees with the first" in [one.check for one in result.evidence if not one.passed]


def test_code_in_the_request_is_reviewed():
    """Findings carry line and severity; an error rejects."""
    result, _ = judge(
        request="Review this code:\n```python\npassword = 'hunter22'\ndef f(x=[]):\n    return x\n```"
    )
    rules = {(one["line"], one["rule"], one["severity"]) for one in result.data["findings"]}
    assert {(1, "secret", "error"), (2, "mutable-default", "warning")} <= rules
    assert result.data["verdict"] == "rejected"
    assert "There is no test" in result.output


def test_without_code_there_is_nothing_to_review():
    """It says so and does not succeed."""
    result, _ = judge(request="Review my essay")
    assert not result.success
    assert "no code to review" in result.output


def test_code_that_does_not_parse_is_rejected_unrun():
    """The syntax error is the finding."""
    result, bench = judge(handed("def (\n", "import unittest\n"))
    assert result.data["findings"][0]["rule"] == "syntax"
    assert result.data["verdict"] == "rejected"
    assert bench.runs == 0


def test_without_a_sandbox_nothing_is_accepted():
    """What could not be run is not waved through."""
    result, _ = judge(handed(), sandbox=False)
    assert result.data["verdict"] == "rejected"
    assert "Not run: there is no sandbox" in result.output
    assert "not run" in [one.check for one in result.evidence if not one.passed]


def test_tests_that_do_not_load_and_code_that_does_not():
    """Both are told apart."""
    unloadable, _ = judge(handed(tests="import unittest\nimport nowhere\n"))
    assert "The tests do not load" in unloadable.output
    broken, _ = judge((Handover("d", "development", "", "", {"files": {"add.py": "import nowhere\n"}}),))
    assert "It does not load" in broken.output


def test_a_strong_model_adds_what_a_linter_cannot_see():
    """Its remarks are quoted as such; a small model is not asked."""
    result, bench = judge(
        handed(), "- Line 3 overflows nothing in Python.\n- Negative numbers are untested here.", strong=True
    )
    assert result.data["comment"] == [
        "Line 3 overflows nothing in Python.",
        "Negative numbers are untested here.",
    ]
    assert "> Negative numbers" in result.output
    assert "# add.py" in bench.prompts[0]
    assert judge(handed(), away, strong=True)[0].data["comment"] == []
