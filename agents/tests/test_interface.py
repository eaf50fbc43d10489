"""Name, parameters, result and examples of a function are read from the words of a request."""

import pytest

from agents.text.interface import Example, interface


@pytest.mark.parametrize(
    ("request_text", "head"),
    [
        ("write a Python function that counts its words, with a test", "def count_words(text: str) -> int:"),
        (
            "Write a function add(a: int, b: int) -> int that adds two numbers",
            "def add(a: int, b: int) -> int:",
        ),
        (
            "Write a function called is_prime that checks whether a number is prime",
            "def is_prime(n: int) -> bool:",
        ),
        ("write a script to reverse a string", "def reverse_string(text: str) -> str:"),
        (
            "Write a function that removes duplicates from a list",
            "def remove_duplicates(items: list) -> list:",
        ),
        ("write a function that returns the sum of a list of numbers", "def sum_of(numbers: list) -> int:"),
        ("write code that merges two sorted lists", "def merge_sorted_lists(a: list, b: list) -> list:"),
        (
            "write a function that converts Fahrenheit to Celsius",
            "def convert_fahrenheit_celsius(fahrenheit: float) -> float:",
        ),
        ("Implement fizzbuzz(n)", "def fizzbuzz(n: int):"),
        ("write a function that counts the number of lines in a text", "def count_lines(text: str) -> int:"),
        ("write a function", "def write_function(value):"),
        ("...", "def solve(value):"),
        ("Write a function called tally. tally([1, 2], 'x') == 3", "def tally(value: list, value1: str):"),
        ("Write a function total(a list of numbers) that adds them", "def total(numbers: list) -> int:"),
        ("Write the code of to_slug(...)", "def to_slug(value) -> str:"),
    ],
)
def test_the_head_follows_from_the_words(request_text, head):
    """What is said of a function settles its first line; what is not said stays open."""
    assert interface(request_text).head == head


@pytest.mark.parametrize(
    ("request_text", "examples"),
    [
        ("Write f(n). f(2) == 4 and f(0) returns 0", (Example("f(2)", "4"), Example("f(0)", "0"))),
        (
            "Write slugify(title). slugify('Hello World!') -> 'hello-world'",
            (Example("slugify('Hello World!')", "'hello-world'"),),
        ),
        (
            "Write a function that reverses a string: 'abc' -> 'cba'",
            (Example("reverse_string('abc')", "'cba'"),),
        ),
        ("Write g(x):\n>>> g(3)\n9\n", (Example("g(3)", "9"),)),
        ("Write h(x). h(open('x')) == 3", ()),
        ("Write k(x) where k(y) is nice", ()),
    ],
)
def test_examples_are_taken_where_they_are_values(request_text, examples):
    """Calls, doctests and arrows count; what is no literal value is left alone."""
    assert interface(request_text).examples == examples


def test_python_words_make_no_names():
    """A name that Python uses itself is changed, not overwritten."""
    assert interface("write a function that returns the sum of a list").name == "sum_of"
    assert interface("write a function that returns the class").name == "class_of"
