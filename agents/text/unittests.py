"""Render checks as a unittest module, so that what was tried can be run again by whoever gets the code."""

import ast
from collections.abc import Sequence

_TOP = '''"""{title}"""

import unittest

from {module} import {name}


class {case}(unittest.TestCase):
'''


def renamed(check: str, name: str) -> str:
    """Return a check over `f` as one over `name`."""
    tree = ast.parse(check, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "f":
            node.id = name
    return ast.unparse(tree)


def over_f(call: str, value: str, name: str) -> str:
    """Return an example call and its value as a check over `f`."""
    tree = ast.parse(call, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == name:
            node.id = "f"
    return f"{ast.unparse(tree)} == {value}"


def unittest_module(module: str, name: str, checks: Sequence[str], *, title: str) -> str:
    """Return a unittest module with one test for each check."""
    case = "".join(part.capitalize() for part in name.split("_")) + "Test"
    rows = []
    for number, check in enumerate(checks, 1):
        rows.append(f"    def test_{number}(self):\n        {_assertion(renamed(check, name))}\n")
    return _TOP.format(title=title, module=module, name=name, case=case) + "\n".join(rows)


def _assertion(check: str) -> str:
    node = ast.parse(check, mode="eval").body
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
        return f"self.assertEqual({ast.unparse(node.left)}, {ast.unparse(node.comparators[0])})"
    return f"self.assertTrue({check})"
