"""Operations that share one rendering of the models leave what they would leave one by one, there and back."""

from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, AlterField, CreateModel, RunSQL
from django.db.migrations.state import ProjectState

from miosa.pg.owner import as_owner
from miosa.pg.together import Together, together
from miosa.tests.test_migrations import OURS

KEY = ("id", models.BigAutoField(primary_key=True))


def of(*operations: Any) -> list[Any]:
    """The operations of a migration that has these, after `together`."""
    made: Any = type("Migration", (migrations.Migration,), {"operations": list(operations)})
    return list(together(made).operations)


def added(model: str, name: str) -> AddField:
    return AddField(model, name, models.IntegerField(default=0))


def rule(model: str, name: str, **condition: int) -> AddConstraint:
    constraint = models.UniqueConstraint(fields=["id"], condition=models.Q(**condition), name=name)
    return AddConstraint(model, constraint)


def flat(operations: Any) -> list[Any]:
    return [inner for one in operations for inner in (one.operations if isinstance(one, Together) else [one])]


@pytest.fixture(scope="module")
def ours():
    """Our migrations, those that others depend on first."""
    loader = MigrationLoader(None)
    leaves = [key for key in loader.graph.leaf_nodes() if key[0] in OURS]
    keys = dict.fromkeys(key for leaf in leaves for key in loader.graph.forwards_plan(leaf))
    return [loader.get_migration(*key) for key in keys]


def test_neighbours_share_in_their_order():
    """Tables, fields and constraints of several models are one operation, and none is lost."""
    given = [
        CreateModel("New", [KEY]),
        added("a", "x"),
        added("a", "y"),
        AlterField("b", "z", models.TextField()),
    ]
    (one,) = of(*given)
    assert list(one.operations) == given


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (added("a", "x"), AlterField("a", "x", models.TextField())),
        (CreateModel("A", [KEY]), added("a", "x")),
        (added("a", "x"), rule("A", "once", x=1)),
        (rule("a", "once", x=1), AlterField("A", "x", models.TextField())),
        (added("a", "x"), RunSQL("SELECT 1")),
        (RunSQL("SELECT 1"), added("a", "x")),
    ],
)
def test_what_builds_on_the_one_before_stands_alone(first, second):
    """The same field, a new table's field, a constraint on a new field, and SQL see what came before them."""
    assert of(first, second) == [first, second]


def test_the_state_is_rendered_once(monkeypatch):
    """A rendered state is rendered anew once for the whole run, and knows every field and relation then."""
    state: Any = ProjectState()
    CreateModel("A", [KEY]).state_forwards("agents", state)
    before = state.apps.get_model("agents", "a")
    reloads, again = [], state._reload
    monkeypatch.setattr(state, "_reload", lambda names: (reloads.append(names), again(names)))
    link = models.ForeignKey("agents.a", on_delete=models.CASCADE, related_name="bs")
    Together(added("a", "x"), added("a", "y"), CreateModel("B", [KEY, ("a", link)])).state_forwards(
        "agents", state
    )
    after = state.apps.get_model("agents", "a")
    assert len(reloads) == 1
    assert {field.name for field in before._meta.get_fields()} == {"id"}
    assert {field.name for field in after._meta.get_fields()} == {"id", "x", "y", "bs"}
    assert state.apps.get_model("agents", "b")._meta.get_field("a").related_model is after


@pytest.mark.django_db(transaction=True)
def test_it_goes_back_to_what_was_there():
    """Tables, fields, indexes and constraints with conditions are made, and the way back leaves none of them."""
    state = ProjectState()
    (tables,) = of(CreateModel("A", [KEY]), CreateModel("B", [KEY, ("a", models.IntegerField(null=True))]))
    fields, rules = of(
        added("a", "x"),
        added("a", "y"),
        AlterField("b", "a", models.ForeignKey("agents.a", on_delete=models.CASCADE, null=True)),
        rule("a", "a_once", x=1),
        AddIndex("a", models.Index(fields=["y"], condition=models.Q(x=2), name="a_by_y")),
    )
    states = [state]
    for operation in (tables, fields, rules):
        states.append(states[-1].clone())
        operation.state_forwards("agents", states[-1])
    steps = list(zip((tables, fields, rules), states, states[1:], strict=False))
    with as_owner() as owner, owner.schema_editor() as editor:
        for operation, was, now in steps:
            operation.database_forwards("agents", editor, was, now)
    assert columns() == {"agents_a": ["id", "x", "y"], "agents_b": ["id", "a_id"]}
    with as_owner() as owner, owner.schema_editor() as editor:
        for operation, was, now in reversed(steps):
            operation.database_backwards("agents", editor, now, was)
    assert columns() == {}


def test_our_migrations_leave_the_same_models(ours):
    """Each of our migrations leads to the state that its operations lead to one by one."""
    one_by_one, shared = ProjectState(), ProjectState()
    for migration in ours:
        migration.mutate_state(shared, preserve=False)
        for operation in flat(migration.operations):
            operation.state_forwards(migration.app_label, one_by_one)
    assert MigrationAutodetector(one_by_one, shared).changes(MigrationLoader(None).graph) == {}
    assert ("agents", "step") in shared.models


def test_none_of_our_migrations_renders_more_often_than_it_must(ours):
    """Whoever writes a migration whose neighbours could share is told by this test to put `@together` above it."""
    missing = [
        str(one) for one in ours if one.app_label in OURS and len(of(*one.operations)) < len(one.operations)
    ]
    assert missing == []


def columns() -> dict[str, list[str]]:
    query = """SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position)
      FROM information_schema.columns WHERE table_name IN ('agents_a', 'agents_b') GROUP BY 1"""
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute(query)
        return dict(cursor.fetchall())
