"""Small solved functions a small model is shown before it writes one: the nearest in meaning to what is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.contract import Embed
from agents.text.vectors import nearest


@dataclass(frozen=True)
class Worked:
    """What a function does and its whole source."""

    does: str
    code: str


WORKED: tuple[Worked, ...] = (
    Worked(
        "returns the first word of the text",
        "def first_word(text: str) -> str:\n{}    return text.split()[0]\n",
    ),
    Worked(
        "counts the lines of the text",
        "def count_lines(text: str) -> int:\n{}    return len(text.splitlines())\n",
    ),
    Worked(
        "counts the digits in the text",
        "def count_digits(text: str) -> int:\n{}    return sum(1 for character in text if character in '0123456789')\n",
    ),
    Worked("turns the text into capitals", "def shout(text: str) -> str:\n{}    return text.upper()\n"),
    Worked(
        "checks whether the text ends as it begins, ignoring case",
        "def ends_alike(text: str) -> bool:\n{}    text = text.lower()\n    return text[0] == text[-1]\n",
    ),
    Worked(
        "replaces commas by dots in the text",
        "def dotted(text: str) -> str:\n{}    return text.replace(',', '.')\n",
    ),
    Worked(
        "returns the longest line of the text",
        "def longest_line(text: str) -> str:\n{}    return max(text.splitlines(), key=len)\n",
    ),
    Worked(
        "counts how often each letter occurs in the text",
        "def letter_counts(text: str) -> dict:\n{}    counts = {{}}\n    for letter in text:\n"
        "        counts[letter] = counts.get(letter, 0) + 1\n    return counts\n",
    ),
    Worked(
        "counts the even numbers in a list",
        "def count_evens(numbers: list) -> int:\n{}    return sum(1 for number in numbers if number % 2 == 0)\n",
    ),
    Worked(
        "returns the negative numbers of a list, in their order",
        "def negatives(numbers: list) -> list:\n{}    found = []\n    for number in numbers:\n        if number < 0:\n"
        "            found.append(number)\n    return found\n",
    ),
    Worked(
        "sorts a list from high to low",
        "def high_to_low(items: list) -> list:\n{}    return sorted(items, reverse=True)\n",
    ),
    Worked(
        "returns the difference of the largest and the smallest number",
        "def spread(numbers: list) -> int:\n{}    return max(numbers) - min(numbers)\n",
    ),
    Worked(
        "joins the lists of a list to one",
        "def chained(lists: list) -> list:\n{}    joined = []\n    for one in lists:\n        joined.extend(one)\n    return joined\n",
    ),
    Worked(
        "returns the first n squares",
        "def squares(n: int) -> list:\n{}    found = []\n    for i in range(n):\n        found.append(i * i)\n    return found\n",
    ),
    Worked(
        "computes the product of the numbers from 1 to n",
        "def product_to(n: int) -> int:\n{}    product = 1\n    for i in range(1, n + 1):\n        product *= i\n    return product\n",
    ),
    Worked(
        "checks whether n has a divisor below ten",
        "def has_small_divisor(n: int) -> bool:\n{}    for i in range(2, 10):\n        if n % i == 0:\n            return True\n    return False\n",
    ),
    Worked(
        "converts metres to feet",
        "def metres_to_feet(metres: float) -> float:\n{}    return metres * 3.28084\n",
    ),
    Worked(
        "checks whether a year ends a century",
        "def ends_century(year: int) -> bool:\n{}    return year % 100 == 0\n",
    ),
    Worked(
        "checks whether two lists have the same length",
        "def same_length(a: list, b: list) -> bool:\n{}    return len(a) == len(b)\n",
    ),
    Worked("subtracts two numbers", "def subtract(a: int, b: int) -> int:\n{}    return a - b\n"),
)


def nearest_worked(does: str, *, embed: Embed, count: int) -> Sequence[Worked]:
    """Return the `count` examples nearest in meaning, the nearest last, where a small model looks first."""
    vectors = embed([does, *(one.does for one in WORKED)])
    return [WORKED[index] for index, _ in nearest(vectors[0], vectors[1:])[:count]][::-1]


def source_of(one: Worked) -> str:
    """Return the example's source with its docstring."""
    return one.code.format(f'    """{one.does[:1].upper()}{one.does[1:]}."""\n')
