"""Whether a question in SQL may be asked: one SELECT over the tables on offer, with harmless functions only; pure.

The text comes from a model. It is read into a tree, every node of the tree must be of a kind that is listed here, and
what is sent to the database is written anew from the tree. So nothing reaches it that was not understood: no setting is
changed, no file read, no other table named.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

DIALECT = "postgres"
MOST_NODES = 2_000
# Functions by the name that the reader of SQL gives them; whatever it does not know is Anonymous, and refused.
FUNCTIONS: tuple[type[Any], ...] = (
    exp.Abs, exp.AnyValue, exp.ArrayAgg, exp.Avg, exp.Case, exp.Cast, exp.Ceil, exp.Coalesce, exp.Concat, exp.Count,
    exp.CurrentDate, exp.CurrentTimestamp, exp.DateTrunc, exp.TimestampTrunc, exp.Extract, exp.Floor, exp.GroupConcat,
    exp.If, exp.JSONExtract, exp.JSONExtractScalar, exp.Least, exp.Greatest, exp.Left, exp.Length, exp.Lower, exp.Max,
    exp.Min, exp.Nullif, exp.PercentileCont, exp.Right, exp.Round, exp.RowNumber, exp.Stddev, exp.StrPosition,
    exp.Substring, exp.Sum, exp.Trim, exp.Upper, exp.Lag, exp.Lead,
)  # fmt: skip
OTHERS: tuple[type[Any], ...] = (
    exp.Select, exp.SetOperation, exp.Subquery, exp.CTE, exp.With, exp.From, exp.Join, exp.Table, exp.TableAlias,
    exp.Alias, exp.Identifier, exp.Column, exp.Star, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Where, exp.Group,
    exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Distinct, exp.Binary, exp.Unary, exp.Between, exp.In,
    exp.Interval, exp.Var, exp.DataType, exp.Window, exp.WindowSpec, exp.Filter, exp.WithinGroup, exp.Tuple, exp.Exists,
    exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript, exp.IntervalSpan,
)  # fmt: skip
REFUSED: tuple[type[Any], ...] = (exp.Into, exp.Lock, exp.Command, exp.Anonymous)
KINDS = frozenset({"INT", "BIGINT", "DECIMAL", "DOUBLE", "FLOAT", "TEXT", "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMPTZ",
                   "BOOLEAN", "INTERVAL", "UUID"})  # fmt: skip


class QuestionRefused(ValueError):  # noqa: N818  it reads as what happened
    """The question may not be asked; the message says what to change."""


def question(sql: str, tables: Mapping[str, Collection[str]]) -> str:
    """Return the question as it may be sent. `tables` are those on offer with their columns.

    Raises QuestionRefused.
    """
    tree = _read(sql)
    for number, node in enumerate(tree.walk()):
        if number > MOST_NODES:
            raise QuestionRefused("The question is too long.")
        _refuse(node)
    _refuse_tables(tree, tables)
    return tree.sql(dialect=DIALECT, comments=False)


def _read(sql: str) -> exp.Expr:
    try:
        trees = [one for one in parse(sql, read=DIALECT) if one is not None]
    except (SqlglotError, RecursionError) as error:
        raise QuestionRefused(f"This is no SQL that can be read: {str(error)[:200]}") from error
    if len(trees) != 1:
        raise QuestionRefused("Ask one question at a time.")
    tree = trees[0]
    if not isinstance(tree, exp.Select | exp.SetOperation):
        raise QuestionRefused("Only SELECT is taken: the data is read, never changed.")
    return tree


def _refuse(node: exp.Expr) -> None:
    if isinstance(node, REFUSED) or not isinstance(node, FUNCTIONS + OTHERS):
        raise QuestionRefused(f"{node.key.upper()} is not taken here: {node.sql(dialect=DIALECT)[:80]}")
    if isinstance(node, exp.DataType) and (kind := str(getattr(node.this, "name", node.this))) not in KINDS:
        raise QuestionRefused(f"The type {kind} is not taken here.")
    if isinstance(node, exp.With) and node.args.get("recursive"):
        raise QuestionRefused("WITH RECURSIVE is not taken here.")


def _refuse_tables(tree: exp.Expr, tables: Mapping[str, Collection[str]]) -> None:
    own = {one.alias for one in tree.find_all(exp.CTE)}
    if clash := own & set(tables):
        raise QuestionRefused(f"{clash.pop()} is the name of a table: call your own something else.")
    for table in tree.find_all(exp.Table):
        if table.db or table.catalog or not isinstance(table.this, exp.Identifier):
            raise QuestionRefused("Tables are named without a schema, and functions give no rows here.")
        if table.name not in tables and not _is_own(table):
            raise QuestionRefused(f"There is no table {table.name}. There are: {', '.join(sorted(tables))}.")


def _is_own(table: exp.Table) -> bool:
    """Tell whether a name is that of a WITH around it. In its own body a name is not defined yet: there the database looks for a table."""
    node: exp.Expr = table
    while (parent := node.parent) is not None:
        around = parent.args.get("with_")
        known = parent.expressions if isinstance(parent, exp.With) else around.expressions if around else []
        for one in known:
            if one is node or node is around:
                break
            if one.alias == table.name:
                return True
        node = parent
    return False
