"""Checks that follow from the words of a request hold for right functions and fail for wrong ones."""

from typing import Any

import pytest

from agents.verifiers.properties import PROPERTIES, properties

RIGHT: dict[str, Any] = {  # description -> a right implementation
    "counts the words of the text": lambda t: len(t.split()),
    "counts how often each word occurs in a text": lambda t: {w: t.split().count(w) for w in t.split()},
    "counts the vowels in a text": lambda t: sum(c in "aeiouAEIOU" for c in t),
    "counts the number of lines in a text": lambda t: len(t.splitlines()),
    "counts the characters of a text": len,
    "reverses a string": lambda t: t[::-1],
    "reverses a list": lambda x: x[::-1],
    "checks whether a string is a palindrome, ignoring case": lambda t: t.lower() == t.lower()[::-1],
    "removes duplicates from a list and keeps the order": lambda x: list(dict.fromkeys(x)),
    "sorts a list of words by length": lambda x: sorted(x, key=len),
    "sorts a list": sorted,
    "returns the largest number in a list": max,
    "returns the smallest number in a list": min,
    "returns the sum of a list of numbers": sum,
    "computes the average of a list of numbers": lambda x: sum(x) / len(x),
    "computes the factorial of n": lambda n: 1 if n < 2 else n * RIGHT["computes the factorial of n"](n - 1),
    "checks whether a number is prime": lambda n: n > 1 and all(n % d for d in range(2, n)),
    "checks whether a number is even": lambda n: n % 2 == 0,
    "checks whether a year is a leap year": lambda y: y % 4 == 0 and (y % 100 != 0 or y % 400 == 0),
    "converts celsius to fahrenheit": lambda c: c * 9 / 5 + 32,
    "converts fahrenheit to celsius": lambda f: (f - 32) * 5 / 9,
    "returns the longest word of a sentence": lambda t: max(t.split(), key=len),
    "flattens a list": lambda x: [one for row in x for one in row],
    "validates an email address": lambda t: "@" in t and "." in t.split("@")[-1],
    "returns the sum of the digits of a number": lambda n: sum(map(int, str(n))),
}


@pytest.mark.parametrize("does", RIGHT)
def test_a_right_function_holds_and_a_lazy_one_does_not(does):
    """Every check holds for a right function, and some check fails for one that returns its argument or nothing."""
    checks = properties(does, arity=1)
    assert checks
    assert all(eval(check, {"f": RIGHT[does]}) is True for check in checks)
    for lazy in (lambda _: None, lambda value: value):
        assert not all(holds(check, lazy) for check in checks)


def holds(check, function):
    try:
        return eval(check, {"f": function}) is True
    except Exception:  # noqa: BLE001  whatever a wrong function raises, the check did not hold
        return False


def test_two_parameters_have_their_own_rows():
    """The number of parameters is part of the description."""
    assert properties("adds two numbers", arity=2) == ("f(2, 3) == 5", "f(-1, 1) == 0")
    assert properties("adds two numbers", arity=1) == ()
    assert properties("paints a picture", arity=1) == ()


def test_every_check_is_an_expression():
    """A row with a slip would fail every function that matches it."""
    for row in PROPERTIES:
        for check in row.checks:
            compile(check, "check", "eval")
