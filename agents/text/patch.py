"""A change of files as a unified diff, and mends of Python that a rule can make with certainty; pure."""

import ast
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from agents.text.code import parse

_NONE = re.compile(r"(?<![=!<>])\s*(==|!=)\s*None\b")
_BARE = re.compile(r"^(\s*)except\s*:", re.MULTILINE)
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)


@dataclass(frozen=True)
class Mended:
    """A source after its mends, and what each was, in words."""

    source: str
    changes: tuple[str, ...]


def diff(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Return what leads from one state of files to another, as `git apply` takes it; "" where nothing differs."""
    paths = sorted(set(before) | set(after))
    return "".join(
        _of_file(path, before.get(path), after.get(path))
        for path in paths
        if before.get(path) != after.get(path)
    )


def _of_file(path: str, old: str | None, new: str | None) -> str:
    lines = difflib.unified_diff(
        (old or "").splitlines(keepends=True),
        (new or "").splitlines(keepends=True),
        "/dev/null" if old is None else f"a/{path}",
        "/dev/null" if new is None else f"b/{path}",
    )
    kind = (
        ""
        if None not in (old, new)
        else ("new file mode 100644\n" if old is None else "deleted file mode 100644\n")
    )
    head = f"diff --git a/{path} b/{path}\n{kind}"
    return head + "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def mended(source: str) -> Mended:
    """Return a Python source with what is certainly wrong put right; unchanged where it does not parse."""
    tree, _ = parse(source)
    if tree is None:
        return Mended(source, ())
    changes: list[str] = []
    text = _without_unused(source, tree, changes)
    for pattern, put, what in (
        (
            _NONE,
            lambda found: " is None" if found[1] == "==" else " is not None",
            "compare with None by `is`",
        ),
        (_BARE, lambda found: f"{found[1]}except Exception:", "name the exceptions that are caught"),
        (_TRAILING, lambda _found: "", "no spaces at the ends of lines"),
    ):
        new = pattern.sub(put, text)
        if new != text and parse(new)[0] is not None:
            text = new
            changes.append(what)
    if text and not text.endswith("\n"):
        text += "\n"
        changes.append("end the file with a line end")
    return Mended(text, tuple(changes)) if parse(text)[0] is not None else Mended(source, ())


def _without_unused(source: str, tree: ast.Module, changes: list[str]) -> str:
    """Take whole import lines out whose names occur nowhere else, not even as a word in a text."""
    lines = source.splitlines(keepends=True)
    for node in sorted(
        (n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)), key=lambda n: -n.lineno
    ):
        names = [(alias.asname or alias.name).split(".")[0] for alias in node.names]
        if node.lineno != node.end_lineno or "*" in names or getattr(node, "module", "") == "__future__":
            continue
        rest = "".join(lines[: node.lineno - 1] + lines[node.lineno :])
        if all(not re.search(rf"\b{re.escape(name)}\b", rest) for name in names):
            del lines[node.lineno - 1]
            changes.append(f"take the unused import of {', '.join(names)} out")
    return "".join(lines)
