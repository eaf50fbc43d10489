"""Which programming language a request names; Python where it names none."""

import re

_LANGUAGES: tuple[tuple[str, str], ...] = (
    ("TypeScript", r"typescript"),
    ("JavaScript", r"javascript|node\.?js|jquery|react"),
    ("C++", r"c\+\+"),
    ("C#", r"c#|\.net"),
    ("Java", r"java(?!script)"),
    ("Go", r"golang|go (?:function|program|code|service)|in go\b"),
    ("Rust", r"rust"),
    ("PHP", r"php"),
    ("Ruby", r"ruby"),
    ("Kotlin", r"kotlin"),
    ("Swift", r"swift"),
    ("SQL", r"sql(?:ite)? (?:query|statement)|sql\b(?! injection)"),
    ("HTML", r"html|web page"),
    ("CSS", r"css"),
    ("Bash", r"bash|shell script"),
)
_PAIRS = {")": "(", "]": "[", "}": "{"}


def language_of(request: str) -> str:
    """Return the language a request wants its code in."""
    if re.search(r"\bpython\b", request, re.IGNORECASE):
        return "Python"
    return next(
        (
            name
            for name, pattern in _LANGUAGES
            if re.search(rf"(?<![\w.])(?:{pattern})(?!\w)", request, re.IGNORECASE)
        ),
        "Python",
    )


def balanced(source: str) -> bool:
    """Return whether the brackets of a source close, strings aside."""
    plain = re.sub(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`", "", source)
    opened: list[str] = []
    for character in plain:
        if character in "([{":
            opened.append(character)
        elif character in _PAIRS and (not opened or opened.pop() != _PAIRS[character]):
            return False
    return not opened
