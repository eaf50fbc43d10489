"""The prompt model: who will succeed at which prompt, learned from whatever was observed."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.prompts.fitting import PromptRow, fit
from routing.prompts.model import PromptModel
from routing.prompts.ridge import ridge
from routing.prompts.stored import PromptModelError, from_bytes, to_bytes
from routing.prompts.table import Table, Waves
from routing.prompts.traits import traits

EASY = ("colour", "capital", "season", "animal", "flower", "river")
HARD = ("integral", "theorem", "tensor", "entropy", "cohomology", "lattice")


def prompt_of(draw: random.Random, words: tuple[str, ...]) -> str:
    return f"Tell me about the {draw.choice(words)} of {draw.choice(words)} number {draw.randint(1, 99)}"


def rows_of(count: int, *, seed: int = 1, only_one: bool = False, area: bool = True) -> list[PromptRow]:
    """The strong model always succeeds, the weak one at easy prompts only, each with a tenth of bad luck."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        hard = draw.random() < 0.5
        scores = {
            "strong": float(draw.random() < 0.9),
            "weak": float(draw.random() < (0.1 if hard else 0.9)),
        }
        if only_one:
            kept = draw.choice(sorted(scores))
            scores = {kept: scores[kept]}
        name = ("reason/proofs" if hard else "reason/facts") if area else None
        rows.append(PromptRow(traits(prompt_of(draw, HARD if hard else EASY)), name, scores))
    return rows


def wanted(model: PromptModel, area: str | None = None) -> tuple[float, float]:
    """Mean gain at hard and at easy prompts never seen."""
    draw = random.Random(99)
    hard, easy = (
        np.mean([model.gain(traits(prompt_of(draw, words)), area, "strong", "weak") for _ in range(40)])
        for words in (HARD, EASY)
    )
    return float(hard), float(easy)


def test_it_works():
    """After 400 prompts that both models answered, the strong one is wanted for hard prompts and not for easy ones."""
    model = fit(rows_of(400))
    assert model is not None
    hard, easy = wanted(model)
    assert hard > 0.5
    assert easy < 0.2


def test_it_learns_without_areas():
    """Where nobody names an area the words of the prompt suffice."""
    model = fit(rows_of(400, area=False))
    assert model is not None
    hard, easy = wanted(model)
    assert hard - easy > 0.25


def test_it_learns_from_one_model_a_row():
    """Logs of a router, where one model answered each prompt, teach the same order."""
    model = fit(rows_of(600, only_one=True))
    assert model is not None
    hard, easy = wanted(model)
    assert hard - easy > 0.3


def test_a_new_model_borrows():
    """A model seen eight times is expected to find hard what all others find hard."""
    draw = random.Random(5)
    hard = [PromptRow(traits(prompt_of(draw, HARD)), "x", {"a": 0.0, "b": 0.0, "c": 0.0}) for _ in range(150)]
    easy = [PromptRow(traits(prompt_of(draw, EASY)), "x", {"a": 1.0, "b": 1.0, "c": 1.0}) for _ in range(150)]
    new = [PromptRow(row.traits, "x", {"new": row.scores["a"]}) for row in hard[:4] + easy[:4]]
    model = fit([*hard, *easy, *new])
    assert model is not None
    asked = [traits(prompt_of(draw, words)) for words in (EASY, HARD)]
    ease, toil = (model.predict(each, "x", "new") for each in asked)
    assert ease > 0.6
    assert toil < 0.4


def test_an_area_is_guessed_among_its_kind():
    """ "reason" alone is taken for the topic whose words the prompt has."""
    model = fit(rows_of(400))
    assert model is not None
    asked = traits("Tell me about the theorem of cohomology number 4")
    named, kind, none = (model.predict(asked, area, "weak") for area in ("reason/proofs", "reason", None))
    assert abs(named - kind) < 0.2
    assert kind == none


def test_unknown_names_are_average():
    """A model or area never seen gets an expectation between those known, and no error."""
    model = fit(rows_of(200))
    assert model is not None
    asked = traits("Tell me about the river")
    low, high = sorted(model.predict(asked, None, name) for name in ("strong", "weak"))
    assert low <= model.predict(asked, "elsewhere", "stranger") <= high
    assert model.gain(asked, None, "stranger", "another") == 0.0


def test_it_is_reproducible():
    """The same rows give the same bytes, and the bytes give the same expectations bit for bit."""
    first, second = fit(rows_of(120)), fit(rows_of(120))
    assert first is not None
    assert second is not None
    stored = to_bytes(first)
    assert stored == to_bytes(second)
    again = from_bytes(stored)
    asked = traits("a lattice of seasons")
    assert to_bytes(again) == stored
    for area in (None, "reason/proofs", "?"):
        assert again.predict(asked, area, "weak") == first.predict(asked, area, "weak")


def test_nothing_teaches_nothing():
    """Without one usable score there is no model."""
    assert fit([]) is None
    assert fit([PromptRow(traits("x"), "a", {"m": float("nan")}), PromptRow(traits("y"), None, {})]) is None


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(max_size=40),
            st.one_of(st.none(), st.text(max_size=5)),
            st.dictionaries(st.sampled_from("abcdefgh"), st.floats(), max_size=8),
        ),
        max_size=12,
    ),
    st.text(),
)
def test_it_takes_any_rows(rows, asked):
    """Any texts, areas, subsets of models and scores, infinite ones too: a probability, never an error."""
    model = fit([PromptRow(traits(text), area, scores) for text, area, scores in rows])
    if model is not None:
        assert 0.0 < model.predict(traits(asked), asked, "a") < 1.0
        assert np.isfinite(model.gain(traits(asked), None, "a", "b"))


@pytest.mark.parametrize(
    "stored", [b"", b"{}", b"[1]\n", b"null\n", b'{"version": 9, "width": 1}\n', b"\xff\xfe"]
)
def test_it_refuses_other_bytes(stored):
    """Bytes that no prompt model wrote are refused with the one error of this module."""
    with pytest.raises(PromptModelError):
        from_bytes(stored)


def test_it_refuses_a_cut_model():
    """A stored model that lost its end is refused."""
    model = fit(rows_of(20))
    assert model is not None
    with pytest.raises(PromptModelError):
        from_bytes(to_bytes(model)[:-8])


def test_the_ridge_is_exact():
    """Conjugate gradients reach what solving the written-out equations gives."""
    prompts = [row.traits for row in rows_of(60)]
    table = Table.of(prompts, Waves.of(np.array([each.numbers for each in prompts], dtype=np.float64)))
    targets = np.random.default_rng(3).standard_normal(60)
    written_out = np.array([table.back(row) for row in np.eye(60)])
    expected = written_out.T @ np.linalg.solve(written_out @ written_out.T + 2.0 * np.eye(60), targets)
    assert np.abs(ridge(table, targets, strength=2.0) - expected).max() < 1e-3


@pytest.mark.parametrize("place", range(3))
def test_one_row_of_a_model_is_enough(place):
    """A model seen once, wherever in the log, is expected to do about as the others do."""
    rows = rows_of(90)
    rows[place] = PromptRow(rows[place].traits, "rare", {"rare": 1.0})
    model = fit(rows)
    assert model is not None
    assert 0.2 < model.predict(rows[5].traits, None, "rare") < 0.995


def test_shares_follow_the_evidence():
    """An area that says everything is believed more than words that say nothing, and the other way round."""
    draw = random.Random(8)
    noise = [traits(prompt_of(draw, EASY + HARD)) for _ in range(300)]
    by_area = fit([PromptRow(each, f"a{n % 2}", {"m": float(n % 2)}) for n, each in enumerate(noise)])
    by_words = fit([row._replace(area=f"a{n % 7}") for n, row in enumerate(rows_of(300))])
    assert by_area is not None
    assert by_words is not None
    assert by_area.area_share > by_area.prompt_share
    assert by_words.prompt_share > by_words.area_share
