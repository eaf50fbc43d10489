"""Plain functions for what small sites are often asked to compute: tried like any other code when no model writes one that passes.

A row is taken where its words describe what is asked; whether it fits is decided by the tests that follow from the request.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """What is asked for, and the body of a function of the parameter `x`, or of `a` and `b`."""

    pattern: str
    body: str
    arity: int = 1


KNOWN: tuple[Known, ...] = (
    Known(r"word count|count\w* .*words?|number of (?:the )?words|how many words", "return len(x.split())"),
    Known(r"vowels?", "return sum(1 for letter in x.lower() if letter in 'aeiou')"),
    Known(r"(?:count\w*|number of|how many) .*lines", "return len(x.splitlines())"),
    Known(r"(?:count\w*|number of|how many) .*(?:characters|letters)", "return len(x)"),
    Known(r"revers\w+", "return x[::-1]"),
    Known(
        r"palindrom\w+",
        "plain = [letter for letter in x.lower() if letter.isalnum()]\n    return plain == plain[::-1]",
    ),
    Known(r"(?:duplicates|unique)", "return list(dict.fromkeys(x))"),
    Known(r"sort\w*", "return sorted(x)"),
    Known(r"largest|biggest|maximum|greatest|highest", "return max(x)"),
    Known(r"smallest|minimum|lowest|least", "return min(x)"),
    Known(r"average|mean", "return sum(x) / len(x)"),
    Known(
        r"median",
        "rows = sorted(x)\n    middle = len(rows) // 2\n    return rows[middle] if len(rows) % 2 else (rows[middle - 1] + rows[middle]) / 2",
    ),
    Known(r"digits? sum|sum of (?:the |its )?digits", "return sum(int(digit) for digit in str(abs(x)))"),
    Known(r"sums?|total|adds? up", "return sum(x)"),
    Known(
        r"factorial",
        "product = 1\n    for number in range(2, x + 1):\n        product *= number\n    return product",
    ),
    Known(r"prime", "return x > 1 and all(x % divisor for divisor in range(2, int(x**0.5) + 1))"),
    Known(r"\beven\b", "return x % 2 == 0"),
    Known(r"\bodd\b", "return x % 2 == 1"),
    Known(r"leap year", "return x % 4 == 0 and (x % 100 != 0 or x % 400 == 0)"),
    Known(r"celsius (?:to|into|in) fahrenheit", "return x * 9 / 5 + 32"),
    Known(r"fahrenheit (?:to|into|in) celsius", "return (x - 32) * 5 / 9"),
    Known(r"longest word", "return max(x.split(), key=len, default='')"),
    Known(r"shortest word", "return min(x.split(), key=len, default='')"),
    Known(r"capitali[sz]e\w*", "return ' '.join(word[:1].upper() + word[1:] for word in x.split(' '))"),
    Known(r"anagrams?", "return sorted(a.lower()) == sorted(b.lower())", 2),
    Known(r"greatest common divisor|gcd", "while b:\n        a, b = b, a % b\n    return a", 2),
    Known(r"adds?|sum", "return a + b", 2),
    Known(r"multipl\w+", "return a * b", 2),
)


def known_code(does: str, head: str, parameters: tuple[str, ...]) -> str:
    """Return the source of the function with this head where a row describes what it does, else ""."""
    for one in KNOWN:
        if one.arity == len(parameters) and re.search(rf"\b(?:{one.pattern})", does, re.IGNORECASE):
            own = ("x",) if one.arity == 1 else ("a", "b")
            body = one.body
            for name, given in zip(own, parameters, strict=True):
                body = re.sub(rf"\b{name}\b", given, body)
            says = does.replace("\\", "").replace('"', "'")
            return f'{head}\n    """{says[:1].upper()}{says[1:]}."""\n    {body}\n'
    return ""
