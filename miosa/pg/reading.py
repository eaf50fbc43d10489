"""Rows of a table as objects of its model, from a cursor: what a statement of our own returns."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar

from django.db import connection, models

Row = TypeVar("Row", bound=models.Model)
Converter = Callable[[Any], Any]


def selected(model: type[Row], statement: str, values: Sequence[Any] = ()) -> list[Row]:
    """Return what a statement that is asked again and again selects of a model's table; to build it would cost more."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(read(model, cursor))


def read(model: type[Row], cursor: Any) -> Iterator[Row]:
    """Yield the rows of the cursor's result, which has all columns of the model's table in any order."""
    names, in_order, converters = _columns(model, tuple(one.name for one in cursor.description))
    for row in cursor:
        values = list(in_order(row))
        for place, convert in converters:
            values[place] = convert(values[place])
        yield model.from_db(connection.alias, names, values)


@lru_cache(maxsize=64)
def _columns(
    model: type[models.Model], columns: tuple[str, ...]
) -> tuple[list[str], Callable[[Any], tuple[Any, ...]], list[tuple[int, Converter]]]:
    """Return the attributes, what brings the columns into their order, and what values are made from the database's by."""
    fields: list[Any] = list(model._meta.concrete_fields)
    converters = [
        (place, _converter(field)) for place, field in enumerate(fields) if hasattr(field, "from_db_value")
    ]
    in_order = itemgetter(*(columns.index(field.column) for field in fields))
    return [field.attname for field in fields], in_order, converters


def _converter(field: Any) -> Converter:
    return lambda value: field.from_db_value(value, None, connection)
