"""Development hands over code it has run, and says plainly what does not pass."""

import json

from agents.contract import Handover, Recollection, Task
from agents.crafts.coding import SMALL_TRIES
from agents.roster.development import execute
from agents.tests.bench import Bench, away

DEMO = "Summarise this text and write a Python function that counts its words, with a test: The sea is wide and blue."
STEP = "write a Python function that counts its words, with a test"
RIGHT = "```python\ndef count_words(text: str) -> int:\n    return len(text.split())\n```"
WRONG = "```python\ndef count_words(text: str) -> int:\n    return len(text)\n```"


def develop(script, *, step=STEP, request="", handovers=(), **options):
    bench = Bench(script, **options)
    return execute(Task("1", step, request or step, handovers=handovers), bench), bench


def test_it_works():
    """Right code is run, tested by what the request implies, applied to the text and handed to quality."""
    result, bench = develop(RIGHT, request=DEMO)
    assert result.success
    assert all(one.passed for one in result.evidence)
    assert set(result.data["files"]) == {"count_words.py", "test_count_words.py"}
    assert "gives `6`" in result.output
    assert "passes 4 of 4 tests, which follow from the words of the request" in result.output
    assert result.next_agent == "quality"
    assert len(bench.prompts) == 1


def test_a_small_model_is_asked_in_several_ways():
    """The first try that passes is taken; the grammar holds each to the signature."""
    result, bench = develop([WRONG, "no code", RIGHT])
    assert result.success
    assert result.data["tries"] == 3
    assert len(set(bench.prompts)) == 3
    assert all("def count_words(text: str) -> int:" in options["grammar"] for options in bench.options)


def test_code_that_never_passes_is_handed_over_as_such():
    """After the last try the best one is shown with the failure, and it is no success."""
    result, bench = develop(WRONG)
    assert not result.success
    assert len(bench.prompts) == len(SMALL_TRIES)
    assert "does not pass its checks" in result.output
    assert "def count_words" in result.output
    assert result.error.startswith("its tests pass: no.")


def test_a_strong_model_is_shown_the_failure():
    """Up to two repairs see the code and what failed."""
    result, bench = develop([WRONG, WRONG, RIGHT], strong=True)
    assert result.success
    assert len(bench.prompts) == 3
    assert "fails a check" in bench.prompts[1]
    assert "AssertionError" in bench.prompts[1]
    assert develop(WRONG, strong=True)[0].data["tries"] == 3


def test_a_strong_model_writes_the_tests_where_the_request_settles_nothing():
    """They are written for a function the writer has not seen, and weigh less than the request's own."""
    tests = (
        "```python\nimport unittest\nfrom paint_fence import paint_fence\n\nclass T(unittest.TestCase):\n"
        "    def test_one(self):\n        self.assertEqual(paint_fence('a'), 'A')\n```"
    )
    code = "```python\ndef paint_fence(value):\n    return value.upper()\n```"
    result, bench = develop([tests, code], step="Write a function that paints a fence", strong=True)
    assert result.success
    assert result.data["tests_from"] == "the model"
    assert "def paint_fence" not in bench.prompts[0].split("head is")[0]
    broken, _ = develop(
        ["not python at all (", code], step="Write a function that paints a fence", strong=True
    )
    assert broken.data["tests_from"] == "the signature"


def test_unchecked_code_says_so():
    """Without an example and without a strong model the result is called unchecked, with a way out."""
    result, _ = develop(
        "```python\ndef paint_fence(value):\n    return value\n```",
        step="Write a function that paints a fence",
    )
    assert "what it returns is unchecked" in result.output
    assert "Give an example" in result.suggestions[0]
    assert [one.check for one in result.evidence if not one.passed] == ["its behaviour is tested"]


def test_examples_of_the_request_decide():
    """What the request shows is what is tested."""
    step = "Write slugify(title: str) -> str. slugify('Hello World') == 'hello-world'"
    good = "```python\ndef slugify(title: str) -> str:\n    return title.lower().replace(' ', '-')\n```"
    assert develop(good, step=step)[0].success
    assert not develop(good.replace("'-'", "'_'"), step=step)[0].success


def test_without_a_sandbox_it_is_not_run():
    """The code is handed over, nothing is claimed, and nobody is asked again."""
    result, bench = develop(RIGHT, sandbox=False)
    assert "Not run: there is no sandbox" in result.output
    assert len(bench.prompts) == 1
    assert result.success
    assert [one.check for one in result.evidence if not one.passed] == ["not run"]


def test_two_requests_get_two_codes():
    """Name, head and tests follow the request, whatever the model says."""
    first, _ = develop(RIGHT)
    other, _ = develop(
        "```python\ndef reverse_string(text: str) -> str:\n    return text[::-1]\n```",
        step="Write a function that reverses a string",
    )
    assert other.success
    assert set(first.data["files"]) & set(other.data["files"]) == set()


def test_remembered_code_has_to_pass_as_well():
    """Code of a like task is tried last and taken only if it passes."""
    memory = Recollection(STEP, f"`count_words.py`\n{RIGHT}", "development", similarity=0.95)
    result, _ = develop(WRONG, memories=[memory])
    assert result.success
    assert result.data["written_by"] == "memory of a similar task"
    assert not develop(WRONG, memories=[Recollection(STEP, RIGHT, similarity=0.5)])[0].success


def test_a_data_model_becomes_a_tested_store():
    """With a design and only a small model, the storage layer is made by rule and proves itself."""
    design = Handover(
        "a",
        "architect",
        "",
        "design",
        {"entities": [{"name": "Task", "fields": [{"name": "due", "type": "date"}]}]},
    )
    result, bench = develop(away, step="Build a todo app", handovers=(design,))
    assert result.success
    assert bench.prompts == []
    assert "not yet the interfaces" in result.output
    assert result.data["run"]["tests"]["ran"] == 1


def test_a_strong_model_writes_the_modules_of_a_design():
    """Modules and tests are run together; one repair is allowed, for a broken answer too."""
    design = Handover("a", "architect", "", "design", {"entities": []})
    files = [
        {"path": "todo.py", "content": "def one():\n    return 1\n"},
        {
            "path": "test_todo.py",
            "content": "import unittest\nimport todo\n\nclass T(unittest.TestCase):\n    def test_one(self):\n        self.assertEqual(todo.one(), 1)\n",
        },
    ]
    good = json.dumps({"files": files})
    result, bench = develop(["no json", good], step="Build a todo app", handovers=(design,), strong=True)
    assert result.success
    assert "was not right" in bench.prompts[1]
    assert result.data["files"]["todo.py"] == files[0]["content"]
    worse = json.dumps(
        {"files": [files[0], {**files[1], "content": files[1]["content"].replace(", 1)", ", 2)")}]}
    )
    assert not develop([worse, worse], step="Build a todo app", handovers=(design,), strong=True)[0].success
    untested = json.dumps({"files": [files[0], {"path": "more.py", "content": "x = 1\n"}]})
    assert not develop([untested, untested], step="Build a todo app", handovers=(design,), strong=True)[
        0
    ].success


def test_other_languages_are_written_and_not_run():
    """The shape is checked, the rest is said to be open."""
    result, _ = develop(
        "```js\nfunction add(a, b) { return a + b; }\n```",
        step="Write a JavaScript function that adds two numbers",
    )
    assert list(result.data["files"]) == ["answer.js"]
    assert "only Python can be run here" in result.output
    assert result.success
    assert not develop("```js\nfunction add(a {\n```", step="Write a JavaScript function that adds")[
        0
    ].success


def test_refactored_code_must_behave_as_before():
    """Equal results pass; a changed one is found on a sample, and lost names are named."""
    request = "Refactor this code:\n```python\ndef evens(items):\n    out = []\n    for i in items:\n        if i % 2 == 0:\n            out.append(i)\n    return out\n```"
    good = "```python\ndef evens(items):\n    return [i for i in items if i % 2 == 0]\n```"
    assert develop(good, step=request)[0].success
    other, bench = develop(good.replace("== 0", "== 1"), step=request)
    assert other.error.startswith("behaves as before: no.")
    assert len(bench.prompts) == 2
    lost, _ = develop(good.replace("evens", "odds"), step=request)
    assert "what could be called still can" in lost.error


def test_broken_code_is_mended_without_a_yardstick():
    """What did not parse cannot have behaved; the note says so."""
    request = "Fix this code:\n```python\ndef mean(numbers):\n    return sum(numbers / len(numbers)\n```"
    result, _ = develop(
        "```python\ndef mean(numbers: list):\n    return sum(numbers) / len(numbers)\n```", step=request
    )
    assert result.success
    assert "does not parse" in result.output


def test_each_try_is_judged_by_itself():
    """The router learns that the first answer was wrong and the second right."""
    _, bench = develop([WRONG, RIGHT])
    assert [all(one.passed for one in evidence) for evidence in bench.judged] == [False, True]
