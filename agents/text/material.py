"""What files a request brings or names, and what it wants made of them; pure."""

import re
from collections.abc import Iterable

REPOSITORY = re.compile(r"https?://[^\s<>\"')]+", re.IGNORECASE)
_REPOSITORY_WORD = re.compile(r"\b(?:repo(?:sitory)?|git|clone|checkout|code ?base)\b", re.IGNORECASE)
_PACKAGE = re.compile(
    r"\b(?:(?:python )?(?:package|library|command[- ]line tool|cli(?: tool)?)|python project)\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(?:patch(?:es)?|fix(?:es)?|repair|mend|refactor\w*|improve\w*|change|clean ?up|bugs?|modernise|modernize|add)\b",
    re.IGNORECASE,
)
TABLES = (".csv", ".tsv")
SOURCES = (".py",)


def repository_of(text: str) -> str:
    """Return the address of the git repository that a text names, "" where it names none."""
    for match in REPOSITORY.finditer(text):
        address = match[0].rstrip("/.,;:!?")
        if address.lower().endswith(".git") or _REPOSITORY_WORD.search(text):
            return address
    return ""


def wants_package(text: str) -> bool:
    """Tell whether more than a function is wanted: a package with its tests."""
    return bool(_PACKAGE.search(text))


def wants_change(text: str) -> bool:
    """Tell whether code that is there shall be changed."""
    return bool(_CHANGE.search(text))


def tables(paths: Iterable[str]) -> list[str]:
    """Return the tables among files."""
    return sorted(path for path in paths if path.lower().endswith(TABLES))


def sources(paths: Iterable[str]) -> list[str]:
    """Return the Python files among files."""
    return sorted(path for path in paths if path.lower().endswith(SOURCES))
