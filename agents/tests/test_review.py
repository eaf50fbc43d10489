"""A review finds what is wrong, risky or hard to keep, with its line."""

import textwrap

import pytest

from agents.text.code import complexity, functions, only_definitions, parse, python_of
from agents.text.mutants import mutants
from agents.verifiers.review import review


def rules(source, *, strict=False):
    return {(one.line, one.rule) for one in review(source, strict=strict)}


@pytest.mark.parametrize(
    ("source", "line", "rule"),
    [
        ("def (", 1, "syntax"),
        ("try:\n    x = 1\nexcept:\n    raise\n", 3, "bare-except"),
        ("try:\n    x = 1\nexcept ValueError:\n    pass\n", 3, "silent-except"),
        ("def f(x=[]):\n    return x\n", 1, "mutable-default"),
        ("def f(*, x=dict()):\n    return x\n", 1, "mutable-default"),
        ("import os\n", 1, "unused-import"),
        ("from os import *\n", 1, "star-import"),
        ("def f():\n    x = 1\n    return 2\n", 2, "unused-name"),
        ("def f():\n    return y\n", 2, "undefined-name"),
        ("def f(x):\n    return x == None\n", 2, "identity"),
        ("def f():\n    return 1\n    print(2)\n", 3, "unreachable"),
        ("password = 'hunter22'\n", 1, "secret"),
        ("def f(c, n):\n    c.execute(f'SELECT * FROM t WHERE n = {n}')\n", 2, "sql-injection"),
        ("def f(c, n):\n    c.execute('DELETE FROM t WHERE n = ' + n)\n", 2, "sql-injection"),
        ("def f(p):\n    return open(p).read()\n", 2, "unclosed-file"),
        ("def list(x):\n    return x\n", 1, "shadows-builtin"),
        ("def f(x):\n    return eval(x)\n", 2, "dangerous"),
        ("def f(x):\n" + "    if x:\n        x = 1\n" * 9 + "    return x\n", 1, "complexity"),
        ("def f(x):\n" + "    x += 1\n" * 41 + "    return x\n", 1, "length"),
    ],
)
def test_each_fault_is_found_on_its_line(source, line, rule):
    """Every rule fires where it should."""
    assert (line, rule) in rules(source)


def test_clean_code_has_no_finding():
    """Documented, typed and plain code is left in peace, also by the strict rules."""
    source = 'def add(a: int, b: int) -> int:\n    """Add."""\n    return a + b\n'
    assert review(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os\nprint(os.name)\n",
        "def f(p):\n    with open(p) as file:\n        return file.read()\n",
        "def f(x=None):\n    return x is None\n",
        "def f(c, n):\n    c.execute('SELECT * FROM t WHERE n = ?', (n,))\n",
        "try:\n    x = 1\nexcept ValueError as error:\n    print(error)\n",
        "def f(xs):\n    return [x for x in xs if x]\n",
        "def f():\n    global n\n    n = 1\n",
        "password = ''\n",
    ],
)
def test_right_habits_are_not_blamed(source):
    """The neighbours of each fault stay unblamed."""
    assert rules(source) == set()


def test_strictness_adds_advice_only():
    """Docstrings and types are asked of code, not of tests."""
    assert rules("def f(x):\n    return x\n", strict=True) == {(1, "docstring"), (1, "types")}


def test_mutants_differ_and_parse():
    """Each variant is valid, different, within the limit and spread over the source."""
    source = "def f(a, b):\n    if a < b and a != 0:\n        return a + b\n    return a * b\n"
    made = mutants(source, limit=3)
    assert 0 < len(made) <= 3
    assert all(parse(one.source)[0] and one.source != source for one in made)
    assert len(mutants(source, limit=50)) == 7
    assert mutants("x = 1\n", limit=5) == []


def test_only_definitions_are_kept():
    """Example calls and prints behind a function go; constants, imports and decorators stay."""
    source = textwrap.dedent('''
        """Doc."""
        import functools
        LIMIT = 3
        @functools.cache
        def f(x):
            return x
        value = f(2)
        print(value)
        if True:
            f(1)
    ''')
    kept = only_definitions(source)
    assert "LIMIT = 3" in kept
    assert "@functools.cache" in kept
    assert "print" not in kept
    assert "value" not in kept
    assert only_definitions("def (") == "def ("


def test_python_is_found_in_an_answer():
    """Fenced blocks are joined, other languages left out, and an answer without a fence is taken whole."""
    answer = "Sure!\n```python\na = 1\n```\nand\n```js\nlet b\n```\n```\nc = 2"
    assert python_of(answer) == "a = 1\n\n\nc = 2\n"
    assert python_of("a = 1") == "a = 1\n"


def test_complexity_counts_branches():
    """One, and one for each branch, condition and case."""
    source = "def f(x):\n    match x:\n        case 1:\n            pass\n        case 2:\n            pass\n    return x and x or 1\n"
    tree, _ = parse(source)
    assert complexity(functions(tree)[0]) == 5
