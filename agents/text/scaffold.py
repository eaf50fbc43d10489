"""Write a store for the things of a data model: plain Python and its tests, the same for the same model."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

DEFAULTS: Mapping[str, str] = {
    "str": '""',
    "int": "0",
    "float": "0.0",
    "bool": "False",
    "date": '""',
    "datetime": '""',
    "list": "()",
}
_TYPES: Mapping[str, str] = {"date": "str", "datetime": "str", "list": "tuple"}
_MODULE = '''"""An in-memory store of {title}, made from the data model."""

from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import Any


class NotFoundError(LookupError):
    """There is no record with this id."""
{records}

class Table:
    """Records of one kind by id; ids start at 1 and are never used again."""

    def __init__(self, kind: type) -> None:
        self._kind = kind
        self._ids = count(1)
        self._rows: dict[int, Any] = {{}}

    def add(self, **values: Any) -> Any:
        """Add a record; raises TypeError for a field it does not have."""
        row = self._kind(id=next(self._ids), **values)
        self._rows[row.id] = row
        return row

    def find(self, key: int) -> Any:
        """Return the record; raises NotFoundError."""
        try:
            return self._rows[key]
        except KeyError:
            raise NotFoundError(f"no {{self._kind.__name__}} with id {{key}}") from None

    def change(self, key: int, **values: Any) -> Any:
        """Change fields of a record; raises NotFoundError, or TypeError for a field it does not have."""
        self._rows[key] = replace(self.find(key), **values)
        return self._rows[key]

    def remove(self, key: int) -> None:
        """Remove a record; raises NotFoundError."""
        del self._rows[self.find(key).id]

    def select(self, **wanted: Any) -> list[Any]:
        """Return the records whose fields have these values, in the order they were added."""
        return [row for row in self._rows.values() if wanted.items() <= asdict(row).items()]


class Store:
    """All tables."""

    def __init__(self) -> None:
{tables}
'''
_RECORD = '''

@dataclass(frozen=True)
class {name}:
    """One {title}."""

    id: int
{fields}
'''
_TESTS = '''"""Tests of the store: each table adds, finds, changes, selects and removes, and refuses what is not there."""

import unittest

from {module} import NotFoundError, Store


class StoreTest(unittest.TestCase):
{tests}'''
_TEST = """    def test_{table}(self):
        table = Store().{table}
        first, second = table.add({field}={one!r}), table.add({field}={two!r})
        self.assertNotEqual(first.id, second.id)
        self.assertEqual(table.find(first.id).{field}, {one!r})
        self.assertEqual(table.change(first.id, {field}={two!r}).{field}, {two!r})
        self.assertEqual(len(table.select({field}={two!r})), 2)
        table.remove(first.id)
        self.assertEqual(table.select(), [second])
        self.assertRaises(NotFoundError, table.find, first.id)
        self.assertRaises(TypeError, table.add, no_such_field=1)
"""
_VALUES: Mapping[str, tuple[Any, Any]] = {
    "int": (1, 2),
    "float": (1.5, 2.5),
    "bool": (True, False),
    "tuple": ((1,), (2,)),
}


def store(entities: Sequence[Mapping[str, Any]], *, title: str) -> dict[str, str]:
    """Return {"store.py": ..., "test_store.py": ...} for entities of {"name", "fields": [{"name", "type"}]}."""
    records = "".join(_record(entity) for entity in entities)
    tables = "\n".join(
        f"        self.{plural(entity['name'])} = Table({entity['name']})" for entity in entities
    )
    tests = "\n".join(_test(entity) for entity in entities)
    return {
        "store.py": _MODULE.format(title=title, records=records, tables=tables),
        "test_store.py": _TESTS.format(module="store", tests=tests),
    }


def plural(name: str) -> str:
    """Return the table's name of an entity: OrderItem is order_items."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    if snake.endswith("y") and snake[-2:-1] not in "aeiou":
        return f"{snake[:-1]}ies"
    return f"{snake}es" if snake.endswith(("s", "x", "ch", "sh")) else f"{snake}s"


def _fields(entity: Mapping[str, Any]) -> list[tuple[str, str]]:
    told = [
        (str(field["name"]), _TYPES.get(field["type"], field["type"]))
        for field in entity["fields"]
        if field["name"] != "id"
    ]
    return told or [("name", "str")]


def _record(entity: Mapping[str, Any]) -> str:
    rows = [
        f"    {name}: {kind} = {DEFAULTS.get(kind, '()' if kind == 'tuple' else 'None')}"
        for name, kind in _fields(entity)
    ]
    return _RECORD.format(name=entity["name"], title=entity["name"].lower(), fields="\n".join(rows))


def _test(entity: Mapping[str, Any]) -> str:
    field, kind = _fields(entity)[0]
    one, two = _VALUES.get(kind, ("one", "two"))
    return _TEST.format(table=plural(entity["name"]), field=field, one=one, two=two)
