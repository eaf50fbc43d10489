"""What a capable model says in the jobs, decided by the conversation so far: it errs first, and mends what it is told."""

import json
from typing import Any

from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import Asked

PROJECT = '[project]\nname = "romans"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
README = "# romans\n\nRoman numerals to numbers and back.\n"
WRONG = '''"""Roman numerals."""

VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def to_number(roman: str) -> int:
    """Return the number of a Roman numeral."""
    return sum(VALUES[letter] for letter in roman)
'''
RIGHT = '''"""Roman numerals."""

VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def to_number(roman: str) -> int:
    """Return the number of a Roman numeral; raises ValueError for other letters."""
    if not roman or set(roman) - set(VALUES):
        raise ValueError(f"{roman!r} is no Roman numeral")
    values = [VALUES[letter] for letter in roman]
    smaller = [one < after for one, after in zip(values, [*values[1:], 0])]
    return sum(-one if before else one for one, before in zip(values, smaller))
'''
TESTS = """import pytest

from romans.numerals import to_number


@pytest.mark.parametrize(("roman", "number"), [("I", 1), ("IV", 4), ("XIV", 14), ("MCMXCIV", 1994), ("VI", 6)])
def test_numerals(roman: str, number: int) -> None:
    assert to_number(roman) == number


@pytest.mark.parametrize("wrong", ["", "A", "iv"])
def test_what_is_none(wrong: str) -> None:
    with pytest.raises(ValueError):
        to_number(wrong)
"""


def plan(*steps: tuple[str, str]) -> Reply:
    """A plan of these agents, one after the other."""
    rows = [
        {
            "key": agent,
            "agent": agent,
            "instruction": told,
            "depends_on": [steps[number - 1][0]] if number else [],
        }
        for number, (agent, told) in enumerate(steps)
    ]
    return Reply(text=json.dumps({"reasoning": "Write, then review.", "steps": rows}))


def is_plan(asked: Asked) -> bool:
    """Whether the question is for a plan."""
    return "Plan who does what" in asked.prompt


def turns_of(asked: Asked) -> list[dict[str, Any]]:
    """The conversation."""
    found: list[dict[str, Any]] = asked.body["messages"]
    return found


def writes(said: str, **files: str) -> Reply:
    """Write files, `__` in a name standing for a folder's slash."""
    calls = [
        ("write_file", {"path": path.replace("__s__", "/").replace("__d__", "."), "content": text})
        for path, text in files.items()
    ]
    return Reply(text=said, calls=calls)


def package_writer(asked: Asked) -> Reply:
    """Write the package with a fault, look at its tests, and mend it once told."""
    if is_plan(asked):
        return plan(("development", "Write the package"), ("quality", "Review the package"))
    turns = turns_of(asked)
    if "small Python package" not in turns[1]["content"]:
        return Reply(text="1: name the letters that are allowed")
    calls = sum(len(turn.get("tool_calls") or ()) for turn in turns if turn["role"] == "assistant")
    told = any("not right yet" in str(turn["content"]) for turn in turns)
    written = sum("VALUES = " in str(turn.get("tool_calls")) for turn in turns)
    if not calls:
        return writes(
            "I begin with the modules.",
            pyproject__d__toml=PROJECT,
            README__d__md=README,
            romans__s____init____d__py='"""Roman numerals."""\n',
            romans__s__numerals__d__py=WRONG,
            tests__s__test_numerals__d__py=TESTS,
        )
    if told and written < 2:
        return writes("Subtraction was missing.", romans__s__numerals__d__py=RIGHT)
    return Reply(
        text="The package converts Roman numerals; its tests settle subtraction and letters that are none."
    )


def patch_writer(asked: Asked) -> Reply:
    """Read the code, change it without a test at first, and add one once the review asks for it."""
    if is_plan(asked):
        return plan(("development", "Make the patch"), ("quality", "Review the patch"))
    turns = turns_of(asked)
    if "smallest change that does what is asked" not in turns[1]["content"]:
        return Reply(text="2: say what an empty list gives")
    done = str([turn.get("tool_calls") for turn in turns])
    if "read_file" not in done:
        return Reply(text="I read it.", calls=[("read_file", {"path": "stats.py"})])
    if "replace_in_file" not in done:
        change = {"path": "stats.py", "old": "    return sum(values) / len(values)\n", "new": GUARD}
        return Reply(text="An empty list has no mean.", calls=[("replace_in_file", change)])
    if "test_empty" not in done:
        test = {"path": "test_stats.py", "old": "def test_mean():", "new": EMPTY + "def test_mean():"}
        return Reply(text="And a test.", calls=[("replace_in_file", test)])
    return Reply(text="`mean` of nothing is a ValueError with a sentence instead of a division by zero.")


GUARD = """    if not values:
        raise ValueError("nothing has no mean")
    return sum(values) / len(values)
"""
EMPTY = """def test_empty():
    with pytest.raises(ValueError):
        mean([])


"""
STATS = b'''"""Small statistics."""

import os


def mean(values: list[float]) -> float:
    """Return the mean."""
    return sum(values) / len(values)
'''
STATS_TESTS = b"""import pytest

from stats import mean


def test_mean():
    assert mean([1.0, 3.0]) == pytest.approx(2.0)
"""


def table_writer(asked: Asked) -> Reply:
    """Ask the table one more question, then write a report of what was counted."""
    if is_plan(asked):
        return plan(("analysis", "Analyse the table"))
    turns = turns_of(asked)
    if "The table is the file" not in turns[1]["content"]:
        return Reply(text="North sold most.")
    done = str([turn.get("tool_calls") for turn in turns])
    if "run_python" not in done:
        return Reply(text="How much of it is missing?", calls=[("run_python", {"code": MISSING})])
    if '"report.md"' not in done.replace("\\", ""):
        return Reply(
            text="I write it down.", calls=[("write_file", {"path": "report.md", "content": REPORT})]
        )
    return Reply(
        text="North sold most, and one value of South is missing, so that its sum is a little too small."
    )


MISSING = """import pandas
table = pandas.read_csv("sales.csv")
print(table[table["sold"].isna()].to_string())
print(table.groupby("region")["sold"].sum().to_string())
"""
REPORT = """# What was sold

North sold most: 2315 pieces, before West with 1647 and South with 1564. One value of South is missing, that of Tea on
2025-04-01, so that the sum of South is a little too small. The plot shows the three sums.

![sold by region](report/plot.png)
"""
