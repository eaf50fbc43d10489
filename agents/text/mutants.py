"""Small wrong variants of a source, to see whether its tests notice."""

import ast
import copy
from dataclasses import dataclass

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@dataclass(frozen=True)
class Mutant:
    """One changed source and what was changed where."""

    source: str
    line: int
    change: str


def mutants(source: str, *, limit: int) -> list[Mutant]:
    """Return up to `limit` variants, spread over the source; the source must parse."""
    tree = ast.parse(source)
    spots = [spot for spot, node in enumerate(ast.walk(tree)) if _swapped(node)]
    step = max(1, -(-len(spots) // limit))
    return [_made(tree, spot) for spot in spots[::step]][:limit]


def _swapped(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        return type(node.ops[0]) in _SWAPS
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign):
        return type(node.op) in _SWAPS
    if isinstance(node, ast.Return):
        return node.value is not None and not (
            isinstance(node.value, ast.Constant) and node.value.value is None
        )
    return False


def _made(tree: ast.Module, spot: int) -> Mutant:
    changed = copy.deepcopy(tree)
    node = next(node for index, node in enumerate(ast.walk(changed)) if index == spot)
    before = ast.unparse(node)
    _change(node)
    after = ast.unparse(node)
    return Mutant(ast.unparse(changed), getattr(node, "lineno", 0), f"`{before}` became `{after}`")


def _change(node: ast.AST) -> None:
    if isinstance(node, ast.Compare):
        node.ops[0] = _SWAPS[type(node.ops[0])]()  # type: ignore[call-overload]
    elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign):
        node.op = _SWAPS[type(node.op)]()  # type: ignore[assignment]
    elif isinstance(node, ast.Return):
        node.value = ast.Constant(None)
