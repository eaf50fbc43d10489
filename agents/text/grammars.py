"""GBNF grammars for short answers, and how those answers are read; a small model needs both.

Without a grammar a small model explains its lists and code at length; with one it stops where the
answer ends. A provider that does not know grammars answers freely, so reading never relies on them.
"""

import re

_MARK = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")


def lines(count: int, *, max_characters: int = 120) -> str:
    """Return a grammar of exactly `count` list lines, "- " before each, without line breaks inside."""
    line = f'"- " [A-Z] [^\\n*#:`]{{3,{max_characters}}} "\\n"'
    return "root ::= " + " ".join(["line"] * count) + f"\nline ::= {line}\n"


def read_lines(text: str, *, limit: int) -> list[str]:
    """Return the list lines of an answer, or its plain lines where it has no list; no empty ones."""
    rows = [row for row in text.splitlines() if row.strip()]
    marked = [row for row in rows if _MARK.match(row)]
    return [_MARK.sub("", row).strip() for row in marked or rows][:limit]


def sentence(*, max_characters: int = 300, count: int = 1) -> str:
    """Return a grammar of `count` sentences on one line, each ended by a full stop."""
    one = f'[A-Z] ([^\\n.*#`] | "." [0-9]){{8,{max_characters}}} "."'
    return "root ::= " + ' " " '.join(["one"] * count) + f"\none ::= {one}\n"


def python(head: str = "") -> str:
    """Return a grammar of one fenced block of Python; `head` is code it must begin with."""
    if not head:
        return 'root ::= "```python\\n" line+ "```"\nline ::= [^`\\n]+ "\\n" | "\\n"\n'
    return f'root ::= {_literal(f"```python{chr(10)}{head}")} line+ "```"\nline ::= "    " [^`\\n]+ "\\n" | "\\n"\n'


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
