"""Checks that follow from the words of a request alone, whoever writes the code.

"Counts the words of a text" says already that three words give 3. Each row holds what nobody would dispute about
such a function; where readings differ (does "don't" count once?) nothing is asked. `f` is the function under test.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Property:
    """What must hold where `pattern` occurs in the description of a function of `arity` parameters."""

    pattern: str
    checks: tuple[str, ...]
    arity: int = 1


PROPERTIES: tuple[Property, ...] = (
    Property(
        r"(?:how often|frequenc\w+|counts? of each|counts? (?:each|every)|occurrences of each) .*words?|word (?:frequenc\w+|counts)\b|each word",
        ("dict(f('a b a')) == {'a': 2, 'b': 1}", "dict(f('')) == {}"),
    ),
    Property(
        r"counts? (?:its|the|all|how many)?\s*(?:number of )?words|number of (?:its |the )?words|how many words|word count",
        ("f('one two three') == 3", "f('') == 0", "f('two  words') == 2", "f('line one\\nline two') == 4"),
    ),
    Property(r"counts? .*vowels?|number of vowels|how many vowels", ("f('banana') == 3", "f('rhythm') == 0", "f('AEIOU') == 5")),
    Property(r"counts? .*lines|number of lines|how many lines", ("f('a\\nb\\nc') == 3", "f('one line') == 1")),
    Property(r"(?:counts? |number of |how many ).*(?:characters|letters)\b(?! each)", ("f('abc') == 3", "f('') == 0")),
    Property(
        r"revers\w+ (?:a |the |its |any |given )*(?:string|text|word|sentence)(?! (?:list|order))",
        ("f('abc') == 'cba'", "f('') == ''", "f(f('round trip')) == 'round trip'"),
    ),
    Property(r"revers\w+ (?:a |the |its |given )*(?:list|array)", ("list(f([1, 2, 3])) == [3, 2, 1]", "list(f([])) == []")),
    Property(
        r"palindrom\w+", ("bool(f('level')) is True", "bool(f('levels')) is False", "bool(f('a')) is True")
    ),
    Property(r"palindrom\w+.*(?:ignor\w+|case[- ]insensitive)", ("bool(f('Level')) is True",)),
    Property(
        r"(?:remov\w+|drops?|without|delet\w+|eliminat\w+) .*duplicates|dedup\w+|unique (?:items|elements|values)",
        ("sorted(f([3, 1, 3, 2, 1])) == [1, 2, 3]", "list(f([])) == []"),
    ),
    Property(r"duplicates.*(?:order|first)|order.*duplicates", ("list(f([3, 1, 3, 2, 1])) == [3, 1, 2]",)),
    Property(r"(?:sorts?|orders?)\b.* by (?:their |its )?length", ("[len(w) for w in f(['ccc', 'a', 'bb'])] == [1, 2, 3]",)),
    Property(
        r"sorts? (?:a |the |given )?(?:list|array|numbers|integers)(?!.* by )(?!.*(?:descend|revers))",
        ("list(f([3, 1, 2])) == [1, 2, 3]", "list(f([])) == []", "list(f([2, 2, 1])) == [1, 2, 2]"),
    ),
    Property(r"(?:largest|biggest|maximum|greatest|highest)\b.*(?:list|numbers|array)", ("f([3, 9, 2]) == 9", "f([-5, -2]) == -2")),
    Property(r"(?:smallest|minimum|lowest|least)\b.*(?:list|numbers|array)", ("f([3, 9, 2]) == 2", "f([-5, -2]) == -5")),
    Property(r"(?:sums?|total|adds? up)\b.*(?:list|numbers|array)(?!.*(?:squares|even|odd))", ("f([1, 2, 3]) == 6", "f([]) == 0")),
    Property(r"(?:average|mean)\b.*(?:list|numbers|array)", ("f([2, 4]) == 3", "f([5]) == 5")),
    Property(r"median", ("f([3, 1, 2]) == 2", "f([1, 2, 3, 4]) == 2.5")),
    Property(r"factorial", ("f(0) == 1", "f(1) == 1", "f(5) == 120")),
    Property(r"(?:n-?th|nth) fibonacci", ("f(n := 10) == f(9) + f(8)",)),
    Property(r"first n fibonacci|fibonacci (?:numbers|sequence)", ("list(f(8))[-5:] == [2, 3, 5, 8, 13] or list(f(8))[-5:] == [3, 5, 8, 13, 21]", "len(f(5)) == 5")),
    Property(r"(?:is|whether|if|checks?|tests?)\b.*\bprime\b", ("bool(f(7)) is True", "bool(f(9)) is False", "bool(f(1)) is False", "bool(f(2)) is True")),
    Property(r"(?:is|whether|if|checks?)\b.*\beven\b", ("bool(f(4)) is True", "bool(f(7)) is False", "bool(f(0)) is True")),
    Property(r"(?:is|whether|if|checks?)\b.*\bodd\b", ("bool(f(4)) is False", "bool(f(7)) is True")),
    Property(r"leap year", ("bool(f(2000)) is True", "bool(f(1900)) is False", "bool(f(2024)) is True", "bool(f(2023)) is False")),
    Property(r"anagrams?", ("bool(f('listen', 'silent')) is True", "bool(f('cat', 'dog')) is False"), 2),
    Property(r"celsius (?:to|into|in) fahrenheit", ("abs(f(100) - 212) < 1e-6", "abs(f(0) - 32) < 1e-6")),
    Property(r"fahrenheit (?:to|into|in) celsius", ("abs(f(212) - 100) < 1e-6", "abs(f(32)) < 1e-6")),
    Property(r"valid\w*\b.*e-?mail|e-?mail\b.*\bvalid", ("bool(f('ana@example.com')) is True", "bool(f('not an address')) is False", "bool(f('')) is False")),
    Property(r"longest word", ("f('a bbb cc') == 'bbb'",)),
    Property(r"shortest word", ("f('aaa b cc') == 'b'",)),
    Property(r"flatten\w*", ("list(f([[1, 2], [3]])) == [1, 2, 3]", "list(f([])) == []")),
    Property(r"flatten\w*.*(?:nested|deep|any depth)|nested list", ("list(f([1, [2, [3]]])) == [1, 2, 3]",)),
    Property(r"(?:greatest common divisor|gcd)", ("f(12, 18) == 6", "f(7, 5) == 1"), 2),
    Property(r"(?:adds?|sum of|sums) (?:the )?two numbers|adds? a and b", ("f(2, 3) == 5", "f(-1, 1) == 0"), 2),
    Property(r"multipl\w+ (?:two numbers|a and b)", ("f(2, 3) == 6", "f(0, 9) == 0"), 2),
    Property(r"capitali[sz]e\w* (?:each|every|the first letter of (?:each|every)) word", ("f('two words') == 'Two Words'",)),
    Property(r"(?:removes?|strips?) (?:all )?(?:white ?space|spaces)", ("f('a b c') == 'abc'",)),
    Property(r"merg\w+ two sorted lists", ("list(f([1, 3], [2, 4])) == [1, 2, 3, 4]", "list(f([], [1])) == [1]"), 2),
    Property(r"digits? sum|sum of (?:the |its )?digits", ("f(123) == 6", "f(0) == 0")),
)  # fmt: skip


def properties(does: str, *, arity: int) -> tuple[str, ...]:
    """Return the checks, as expressions over `f`, that a description implies for a function of `arity` parameters."""
    found = [
        check
        for row in PROPERTIES
        if row.arity == arity and re.search(row.pattern, does, re.IGNORECASE)
        for check in row.checks
    ]
    return tuple(dict.fromkeys(found))
