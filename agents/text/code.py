"""Read Python without running it: blocks of an answer, functions, imports."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"```([\w+#-]*)[ \t]*\n(.*?)(?:```|\Z)", re.DOTALL)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Block:
    """One fenced block of an answer."""

    language: str
    code: str


def blocks(answer: str) -> list[Block]:
    """Return the fenced blocks in order; a cut last block counts."""
    return [Block(match[1].lower(), match[2].rstrip() + "\n") for match in _FENCE.finditer(answer)]


def python_of(answer: str) -> str:
    """Return the Python of an answer: its Python blocks joined, or the whole answer where it has no fence."""
    found = [block.code for block in blocks(answer) if block.language in {"", "python", "py", "python3"}]
    return "\n\n".join(found) if found else answer.strip() + "\n"


def parse(source: str) -> tuple[ast.Module | None, str]:
    """Return the syntax tree, or None and the error with its line."""
    try:
        return ast.parse(source), ""
    except SyntaxError as error:
        return None, f"line {error.lineno}: {error.msg}"
    except ValueError as error:  # null bytes
        return None, str(error)


def functions(tree: ast.AST) -> list[Function]:
    """Return every function and method."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def public(tree: ast.Module) -> list[str]:
    """Return the names of the module's own functions and classes without a leading underscore."""
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
    ]


def parameters(function: Function) -> list[str]:
    """Return the names of the positional parameters, without self and cls."""
    found = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return [name for name in found if name not in {"self", "cls"}]


def imports(tree: ast.AST) -> set[str]:
    """Return the top-level names of the modules imported anywhere."""
    return {name.split(".")[0] for name in _imported(tree)}


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def only_definitions(source: str) -> str:
    """Return a module without its loose calls and prints, which models like to add as "example usage".

    What is no definition, import, assignment or docstring at the top is dropped; a source that does not
    parse comes back as it is.
    """
    tree, _ = parse(source)
    if tree is None:
        return source
    names = public(tree)
    kept = [
        node
        for position, node in enumerate(tree.body)
        if _defines(node, position) and not _example(node, names)
    ]
    pieces = [_with_decorators(source, node) for node in kept]
    return "\n\n\n".join(pieces) + "\n" if pieces else source


def _defines(node: ast.stmt, position: int) -> bool:
    definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom
    docstring = position == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return isinstance(node, definition | ast.Assign | ast.AnnAssign) or docstring


def _example(node: ast.stmt, names: list[str]) -> bool:
    """Return whether an assignment only tries out the module's own functions."""
    if not isinstance(node, ast.Assign | ast.AnnAssign):
        return False
    called = {
        sub.func.id for sub in ast.walk(node) if isinstance(sub, ast.Call) and isinstance(sub.func, ast.Name)
    }
    lower_case = isinstance(node, ast.Assign) and all(
        isinstance(t, ast.Name) and t.id.islower() for t in node.targets
    )
    return bool(called & set(names)) or lower_case


def _with_decorators(source: str, node: ast.stmt) -> str:
    lines = source.splitlines()
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    return "\n".join(lines[first - 1 : node.end_lineno])


def complexity(function: Function) -> int:
    """Return McCabe's number: one plus the branches."""
    branching = (
        ast.If
        | ast.For
        | ast.AsyncFor
        | ast.While
        | ast.ExceptHandler
        | ast.IfExp
        | ast.comprehension
        | ast.Assert
    )
    count = 1
    for node in ast.walk(function):
        count += isinstance(node, branching)
        count += len(node.values) - 1 if isinstance(node, ast.BoolOp) else 0
        count += len(node.cases) if isinstance(node, ast.Match) else 0
    return count
