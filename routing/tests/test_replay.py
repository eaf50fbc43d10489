"""A stored decision comes out again bit for bit; what does not, and what cannot be known, is told apart."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from uuid_utils.compat import uuid7

from miosa.testing.flows import providers
from routing import board, deciding, outcomes, policies
from routing.decided import Decided
from routing.knowledge import NotKept
from routing.known import Known
from routing.models import Decision, Knowledge
from routing.replay import as_stored, remade, replayed
from routing.requirement import Requirement
from routing.router import explore
from routing.scoreboard import Scoreboard
from routing.snapshot import Tally
from routing.tests import stored
from routing.tests.history import past

GROQ = "http://127.0.0.1:9/v1"
NEED = Requirement("chat")


@pytest.fixture
def here(tenant):
    """A tenant with three providers within reach."""
    with providers(groq=GROQ, kimi=GROQ, local=GROQ):
        yield tenant


def lately():
    return replayed(datetime.now(UTC) - timedelta(hours=1))


def test_it_works(here):
    """Twenty decisions over changing knowledge come out again, each in every stored field."""
    for number in range(20):
        stored.outcome(success=number % 3 > 0)
        board.forget()
    told = lately()
    assert (told.total, told.exact, told.different, told.not_kept) == (20, 20, (), ())
    assert told.sound


def test_it_makes_the_very_choice_again(here):
    """Fifty draws on one board: each stored choice is remade with its draw, its propensity and its words."""
    for _ in range(50):
        decided = deciding.decided(NEED)
        row, _ = outcomes.record(decided, [], execution_id=None, step_id=None, agent="")
        kept = Decision.objects.get(pk=row.pk)
        assert remade(kept) == as_stored(kept) == decided.choice


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "somebody-else"),
        ("why", "because"),
        ("draw", 999),
        ("mode", "cost"),
        ("order", []),
        ("provider", "local"),
        ("task_kind", "code"),
    ],
)
def test_it_sees_what_was_changed(here, name, value):
    """One stored field that is not what was decided: the decision is told as different, and in which field."""
    row = stored.decision()
    Decision.objects.filter(pk=row.pk).update(**{name: value})
    told = lately()
    assert (told.exact, len(told.different)) == (0, 1)
    only = told.different[0]
    assert only.decision_id == row.pk
    assert only.reason or name in {field.name for field in only.fields}


def test_it_sees_the_last_bit(here):
    """A propensity or a total that is off by its last bit is not the same."""
    row = stored.decision()
    total = row.ranked[0]["total"]
    row.ranked[0]["total"] = total * (1 + 2**-52)
    assert row.ranked[0]["total"] != total
    row.save()
    (only,) = lately().different
    assert [field.name for field in only.fields] == ["ranked"]


def test_what_was_not_kept_is_told_so(here):
    """A decision from before knowledge was kept is neither exact nor different."""
    row = stored.decision()
    Decision.objects.filter(pk=row.pk).update(scoreboard_version="")
    kept = stored.decision()
    told = lately()
    assert (told.total, told.exact, told.different) == (2, 1, ())
    assert told.not_kept == (row.pk,)
    with pytest.raises(NotKept, match="is not kept"):
        remade(Decision.objects.get(pk=row.pk))
    assert remade(kept).model == kept.model


def test_knowledge_that_was_touched_is_told(here):
    """Kept knowledge that another has written over does not pass for the one that was decided on."""
    row = stored.decision()
    knowledge = Knowledge.objects.get(version=row.scoreboard_version)
    knowledge.content["rules"]["bonus"] = 9.0
    knowledge.save()
    (only,) = lately().different
    assert "somebody touched it" in only.reason


def test_unreadable_knowledge_does_not_hide_the_others(here):
    """One broken row of knowledge: its decision is told with the reason, the other one is exact."""
    broken, version = stored.decision(), board.current().version
    past("openai/gpt-oss-20b", [1.0])
    sound = stored.decision()
    assert sound.scoreboard_version != version
    Knowledge.objects.filter(version=version).update(content={})
    told = lately()
    assert (told.exact, [one.decision_id for one in told.different]) == (1, [broken.pk])
    assert told.different[0].reason


def test_a_later_catalogue_changes_no_past_decision(here):
    """Decisions made with a catalogue that this release no longer has come out exactly."""
    now = board.known()
    dearer = tuple(
        replace(model, title=f"{model.title} (old)", tokens_per_s=12.5) for model in now.catalog.models[:-1]
    )
    old = Known(
        replace(now.catalog, models=dearer, aliases={}, retired=()),
        now.snapshot.with_cell("chat", dearer[0].id, Tally(30, 27, 200.0, 30, 9_000.0, 30)),
        now.weights,
        now.rules,
        now.providers,
    )
    made = explore(Scoreboard.of(old), NEED)
    row, _ = outcomes.record(Decided(uuid7(), NEED, made, old), [], execution_id=None, step_id=None, agent="")
    assert remade(Decision.objects.get(pk=row.pk)) == made
    assert lately().exact == 1


def test_a_choice_without_exploring_comes_out_as_such(here):
    """Without draws the decision has none, a propensity of 1, and comes out again."""
    policies.change(most_explored=0.0)
    board.forget()
    stored.decision()
    row, _ = outcomes.record(
        deciding.decided(NEED, explores=False), [], execution_id=None, step_id=None, agent=""
    )
    assert (row.draw, row.propensity) == (None, 1.0)
    assert lately().exact == 2


def test_what_a_prompt_changed_is_applied_again(here):
    """Shifts stored with a decision give its choice again, by the rules and by draws; other shifts do not."""
    now = board.current()
    prompt = {"fit": "of a day", "shifts": {now.entry(NEED).best.model: -0.4, "kimi-k2.6": 0.05}}
    entry = now.prompted(NEED, prompt["shifts"])
    assert entry.best != now.entry(NEED).best
    for choice in (entry.best, *entry.sequence[:5]):
        decided = Decided(uuid7(), NEED, choice, now.known, prompt=prompt)
        row, _ = outcomes.record(decided, [], execution_id=None, step_id=None, agent="")
    assert lately().exact == 6
    Decision.objects.filter(pk=row.pk).update(prompt={**prompt, "shifts": {"kimi-k2.6": 0.3}})
    assert [one.decision_id for one in lately().different] == [row.pk]


def test_similar_tasks_of_different_size_share_only_what_can_take_both(here):
    """Two tasks alike in words and in class of size, with a model's limit between them: each gets one that holds it."""
    draw = random.Random(5)
    limits = {model.id: model.max_input_tokens for model in board.catalog().models}
    between = sorted({size for size in limits.values() if size & (size - 1)})[
        :-1
    ]  # the largest leaves nobody
    assert between
    for number, limit in enumerate(between):
        vector = [0.0] * len(between)
        vector[number] = 1.0
        sizes = [limit, limit + 1]
        draw.shuffle(sizes)
        for size in sizes:
            decided = deciding.decided(Requirement("chat", "cost", input_tokens=size), vector=vector)
            outcomes.record(decided, [], execution_id=None, step_id=None, agent="")
            assert all(size <= limits[model] for model in decided.choice.order)
    told = lately()
    assert told.exact == told.total == 2 * len(between)


def test_shared_selections_come_out_too(here):
    """A task near another gets its selection, says whose, and is remade like it."""
    first = deciding.decided(NEED, vector=[1.0, 0.0])
    second = deciding.decided(NEED, vector=[1.0, 0.0])
    assert second.shared_from == first.decision_id
    for decided in (first, second):
        outcomes.record(decided, [], execution_id=None, step_id=None, agent="")
    assert lately().exact == 2


def test_a_neighbour_is_not_replayed(here, other_tenant, in_tenant):
    """Each tenant sees its own decisions alone."""
    stored.decision()
    with in_tenant(other_tenant):
        assert lately().total == 0


def test_only_the_span_of_time_is_looked_at(here):
    """From `since` on, and before `until`."""
    row = stored.decision()
    assert replayed(row.created, row.created).total == 0
    assert replayed(row.created).total == 1
    assert replayed(row.created + timedelta(microseconds=1)).total == 0
