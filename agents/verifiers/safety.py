"""What makes code unsafe: secrets in plain, SQL from strings, shared defaults, swallowed errors, open files."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Literal

from agents.text.code import functions

Severity = Literal["error", "warning", "advice"]
Found = Iterator[tuple[int, Severity, str, str]]  # line, severity, rule, message
Rule = Callable[[ast.Module], Found]
_SECRET = re.compile(r"(?i)(?:password|passwd|secret|token|api_?key)$")
_SQL = re.compile(r"(?i)^\s*(?:select|insert|update|delete)\b")


def _secrets(tree: ast.Module) -> Found:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            and node.value.value
        ):
            for target in node.targets:
                if _SECRET.search(ast.unparse(target)):
                    yield (
                        node.lineno,
                        "error",
                        "secret",
                        f"`{ast.unparse(target)}` holds a secret in plain; read it from the environment",
                    )


def _sql(tree: ast.Module) -> Found:
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr | ast.BinOp):
            continue
        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Add | ast.Mod):
            continue
        first = next(
            (
                sub.value
                for sub in ast.walk(node)
                if isinstance(sub, ast.Constant) and isinstance(sub.value, str)
            ),
            "",
        )
        if _SQL.match(first) and not all(
            isinstance(sub, ast.Constant) for sub in ast.walk(node) if isinstance(sub, ast.expr)
        ):
            yield (
                node.lineno,
                "error",
                "sql-injection",
                "SQL is built from strings; pass the values as parameters",
            )


def _files(tree: ast.Module) -> Found:
    held = {
        id(item.context_expr) for node in ast.walk(tree) if isinstance(node, ast.With) for item in node.items
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "open" and id(node) not in held:
            yield (
                node.lineno,
                "warning",
                "unclosed-file",
                "the file is not closed if an error comes between; use `with`",
            )


def _defaults(tree: ast.Module) -> Found:
    for function in functions(tree):
        for default in [*function.args.defaults, *(one for one in function.args.kw_defaults if one)]:
            made = isinstance(default, ast.Call) and ast.unparse(default.func) in {"list", "dict", "set"}
            if isinstance(default, ast.List | ast.Dict | ast.Set) or made:
                yield (
                    default.lineno,
                    "warning",
                    "mutable-default",
                    f"the default `{ast.unparse(default)}` is shared by all calls",
                )


def _excepts(tree: ast.Module) -> Found:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        if node.type is None:
            yield (
                node.lineno,
                "warning",
                "bare-except",
                "a bare `except:` also catches Ctrl-C and exit; name the error",
            )
        if all(isinstance(line, ast.Pass) for line in node.body):
            yield node.lineno, "warning", "silent-except", "the error is swallowed without a word"


SAFETY: tuple[Rule, ...] = (_secrets, _sql, _files, _defaults, _excepts)
