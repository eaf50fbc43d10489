"""Review Python by its syntax tree: what is wrong, risky or hard to keep, with the line it stands on."""

import ast
import builtins
import re
from dataclasses import dataclass
from itertools import pairwise

from agents.text.code import complexity, functions, parse
from agents.verifiers.code import dangerous
from agents.verifiers.safety import SAFETY, Found, Rule, Severity

MOST_COMPLEX = 8
LONGEST_LINES = 40


@dataclass(frozen=True)
class Finding:
    """One thing a reviewer would say."""

    file: str
    line: int
    severity: Severity
    rule: str
    message: str


def review(source: str, *, file: str = "", strict: bool = True) -> list[Finding]:
    """Return the findings in order of line; `strict` adds advice on docstrings and types, which tests need not have."""
    tree, fault = parse(source)
    if tree is None:
        line = re.match(r"line (\d+)", fault)
        return [Finding(file, int(line[1]) if line else 1, "error", "syntax", fault)]
    rules = [*RULES, *(ADVICE if strict else ())]
    found = {Finding(file, *row) for rule in rules for row in rule(tree)}
    found |= {
        Finding(file, line, "warning", "dangerous", f"`{name}` should not be needed here")
        for line, name in dangerous(source)
    }
    return sorted(found, key=lambda one: (one.line, one.rule, one.message))


def _unused_imports(tree: ast.Module) -> Found:
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                name = (alias.asname or alias.name).split(".")[0]
                if name == "*":
                    yield (
                        node.lineno,
                        "warning",
                        "star-import",
                        f"`from {getattr(node, 'module', '')} import *` hides where names come from",
                    )
                elif name not in used:
                    yield node.lineno, "advice", "unused-import", f"`{name}` is imported and not used"


def _unused_names(tree: ast.Module) -> Found:
    for function in functions(tree):
        read = {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        outer = {
            name
            for node in ast.walk(function)
            if isinstance(node, ast.Global | ast.Nonlocal)
            for name in node.names
        }
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Assign)
                and len(node.targets) == 1
                and isinstance(node.targets[0], ast.Name)
            ):
                name = node.targets[0].id
                if name not in read | outer and not name.startswith("_"):
                    yield node.lineno, "advice", "unused-name", f"`{name}` is set and never read"


def _undefined(tree: ast.Module) -> Found:
    known = (
        {name for node in ast.walk(tree) for name in _bound(node)}
        | set(dir(builtins))
        | {"__name__", "__file__"}
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in known and "*" not in known:
            yield node.lineno, "error", "undefined-name", f"`{node.id}` is nowhere defined"


def _bound(node: ast.AST) -> list[str]:
    """Return the names a node gives a meaning to."""
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    if isinstance(node, ast.arg):
        return [node.arg]
    name = getattr(node, "name", None)  # functions, classes, `except ... as`, patterns
    return [name] if isinstance(name, str) else []


def _comparisons(tree: ast.Module) -> Found:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
            other = node.comparators[0]
            if isinstance(other, ast.Constant) and (other.value is None or isinstance(other.value, bool)):
                yield node.lineno, "advice", "identity", f"compare with `{other.value}` by `is`, or by truth"


def _unreachable(tree: ast.Module) -> Found:
    for node in ast.walk(tree):
        for body in (getattr(node, "body", None), getattr(node, "orelse", None)):
            for before, after in pairwise(body) if isinstance(body, list) else ():
                if isinstance(before, ast.Return | ast.Raise | ast.Break | ast.Continue):
                    yield after.lineno, "warning", "unreachable", "this line is never reached"


def _shape(tree: ast.Module) -> Found:
    for function in functions(tree):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if complexity(function) > MOST_COMPLEX:
            yield (
                function.lineno,
                "warning",
                "complexity",
                f"`{function.name}` has {complexity(function)} branches; more than {MOST_COMPLEX} are hard to test",
            )
        if lines > LONGEST_LINES:
            yield function.lineno, "advice", "length", f"`{function.name}` is {lines} lines long"
        if function.name in dir(builtins):
            yield (
                function.lineno,
                "warning",
                "shadows-builtin",
                f"`{function.name}` hides Python's own `{function.name}`",
            )


def _documented(tree: ast.Module) -> Found:
    for node in tree.body:
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ):
            yield node.lineno, "advice", "docstring", f"`{node.name}` has no docstring"


def _annotated(tree: ast.Module) -> Found:
    for function in functions(tree):
        bare = [
            one.arg
            for one in [*function.args.args, *function.args.kwonlyargs]
            if one.annotation is None and one.arg not in {"self", "cls"}
        ]
        if bare or (function.returns is None and function.name != "__init__"):
            what = f"types of {', '.join(bare)}" if bare else "type of its result"
            yield function.lineno, "advice", "types", f"`{function.name}` does not state the {what}"


RULES: tuple[Rule, ...] = (
    *SAFETY,
    _unused_imports,
    _unused_names,
    _undefined,
    _comparisons,
    _unreachable,
    _shape,
)
ADVICE: tuple[Rule, ...] = (_documented, _annotated)
