"""The catalogue: what the shipped file says, what names mean, and what a broken file is refused for."""

import math
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from routing.catalog_file import DEFAULT_FILE, catalog, catalog_from, load
from routing.errors import InvalidCatalog, UnknownModel
from routing.requirement import MODES, TASK_KINDS, Requirement
from routing.router import decide
from routing.scoreboard import Scoreboard


def _content() -> dict[str, Any]:
    return tomllib.loads(DEFAULT_FILE.read_text())


def test_today_prices_are_in_micro_dollars_per_million_tokens():
    """gpt-oss-120b: 0.15 / 0.075 / 0.60 dollars; Kimi K3.1 Pro: 2 / 0.20 / 10; the local model is free."""
    prices = {
        name: catalog().model(name).price for name in ("openai/gpt-oss-120b", "kimi-k3.1-pro", "smollm2-135m")
    }
    figures = {n: (p.input_micros, p.cached_or_input_micros, p.output_micros) for n, p in prices.items() if p}
    assert figures == {
        "openai/gpt-oss-120b": (150_000, 75_000, 600_000),
        "kimi-k3.1-pro": (2_000_000, 200_000, 10_000_000),
        "smollm2-135m": (0, 0, 0),
    }


def test_formula_ratings_follow_their_figures():
    """Each rating whose source is `formula` is what the formula at the head of the file gives, to a tenth."""
    checked = 0
    for model in catalog().models:
        if model.speed.source == "formula" and model.tokens_per_s:
            expected = 5 * math.log10(model.tokens_per_s / 10)
            assert model.speed.value == pytest.approx(min(10, expected), abs=0.051), model.id
            checked += 1
        if model.cost.source == "formula" and model.price:
            blended = (3 * model.price.input_micros + model.price.output_micros) / 4
            assert model.cost.value == pytest.approx(10 - 3 * math.log10(1 + blended / 100_000), abs=0.051), (
                model.id
            )
            checked += 1
    assert checked >= 12


def test_every_rating_has_a_source_and_a_date():
    """No number without where it comes from."""
    for model in catalog().models:
        for rating in (model.quality, model.speed, model.cost, *model.fit.values()):
            assert rating.source
            assert rating.as_of.year >= 2026


@pytest.mark.parametrize(
    ("name", "model_id", "note"),
    [
        ("kimi-k2.6", "kimi-k2.6", ""),
        ("kimi", "kimi-k3.1-pro", "kimi stands for kimi-k3.1-pro"),
        ("groq-fast", "openai/gpt-oss-20b", "groq-fast stands for openai/gpt-oss-20b"),
        (
            "llama-3.3-70b-versatile",
            "openai/gpt-oss-120b",
            "llama-3.3-70b-versatile was retired on 2026-08-16, openai/gpt-oss-120b takes its place",
        ),
        (
            "llama-3.1-8b-instant",
            "openai/gpt-oss-20b",
            "llama-3.1-8b-instant was retired, openai/gpt-oss-20b takes its place",
        ),
    ],
)
def test_names_resolve_with_a_note(name, model_id, note):
    """An id is itself; an alias or a retired id answers as another model and says so."""
    model, said = catalog().resolve(name)
    assert (model.id, said) == (model_id, note)


def test_an_unknown_name_is_answered_with_near_ones():
    """A misspelt id names its neighbours; a name like none of them names nothing."""
    with pytest.raises(UnknownModel, match="did you mean") as caught:
        catalog().resolve("openai/gpt-oss-12b")
    assert "openai/gpt-oss-120b" in caught.value.near
    assert caught.value.status == 404
    with pytest.raises(UnknownModel) as caught:
        catalog().resolve("zzzz")
    assert caught.value.near == ()


def test_systems_without_a_price_are_listed_and_never_candidates():
    """groq/compound resolves by name, and no decision of any kind has it in its order."""
    assert catalog().resolve("groq/compound")[0].price is None
    board = Scoreboard(catalog(), providers={"groq", "moonshot", "local"})
    for kind in TASK_KINDS:
        assert "groq/compound" not in decide(board, Requirement(kind)).order


def test_kimi_leads_the_orchestration_and_groq_the_fast_work():
    """With every key: orchestration goes to Kimi except where cost decides, all other kinds in speed mode to Groq."""
    board = Scoreboard(catalog(), providers={"groq", "moonshot", "local"})
    leaders = {
        mode: decide(board, Requirement("orchestration", mode)).provider
        for mode in ("speed", "quality", "balance")
    }
    assert set(leaders.values()) == {"moonshot"}
    fast = {
        kind: decide(board, Requirement(kind, "speed")).provider
        for kind in TASK_KINDS
        if kind != "orchestration"
    }
    assert set(fast.values()) == {"groq"}


def test_without_a_key_the_local_model_takes_every_role():
    """Only the local provider reachable: it answers every kind, and the reason says that keys are missing."""
    board = Scoreboard(catalog(), providers={"local"})
    choices = [decide(board, Requirement(kind)) for kind in TASK_KINDS]
    assert {choice.model for choice in choices} == {"smollm2-135m"}
    assert "by provider" in choices[0].why


def test_the_local_model_is_never_among_the_best_three_beside_keyed_ones():
    """However cheap it is: with keys it is neither chosen nor first in reserve, in any kind and mode."""
    board = Scoreboard(catalog(), providers={"groq", "moonshot", "local"})
    for kind in TASK_KINDS:
        for mode in MODES:
            assert "smollm2-135m" not in decide(board, Requirement(kind, mode)).order[:3]


def _broken(change: Callable[[dict[str, Any]], object]) -> str:
    content = _content()
    change(content)
    with pytest.raises(InvalidCatalog) as caught:
        catalog_from(content)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["models"][0].update(colour="blue"), "model openai/gpt-oss-20b: unknown field 'colour'"),
        (lambda c: c["models"][0]["fit"].update(poetry=3), "unknown field 'poetry'"),
        (lambda c: c["models"][0]["price"].update(output_micros=-1), "output_micros cannot be -1"),
        (lambda c: c["models"][0]["price"].update(output_micros=0.6), "output_micros cannot be 0.6"),
        (lambda c: c["models"][0]["quality"].update(value=11), "ratings go from 0 to 10"),
        (lambda c: c["models"][0]["quality"].update(value=math.nan), "value cannot be nan"),
        (lambda c: c["models"][0].pop("quality"), "quality: must be a table"),
        (lambda c: c["models"][0].pop("title"), "title is missing"),
        (lambda c: c["models"][0].update(tools=1), "tools cannot be 1"),
        (lambda c: c["models"][0].update(context_tokens=True), "context_tokens cannot be True"),
        (lambda c: c["models"][0].update(json="maybe"), "json must be one of"),
        (lambda c: c["models"][0].update(max_input_tokens=10**9), "max_input_tokens must lie between"),
        (lambda c: c["models"][0].update(provider="nobody"), "no provider is called 'nobody'"),
        (lambda c: c["models"].append(c["models"][0]), "model or alias openai/gpt-oss-20b: is there twice"),
        (lambda c: c["providers"].append(c["providers"][0]), "provider groq: is there twice"),
        (lambda c: c["aliases"].update({"kimi-k3": "kimi"}), "model or alias kimi-k3: is there twice"),
        (lambda c: c["aliases"].update(a="b", b="a"), "leads in a circle"),
        (lambda c: c["aliases"].update(a="a"), "leads in a circle"),
        (lambda c: c["aliases"].update(a="nothing"), "leads to 'nothing', which is no model"),
        (lambda c: c["aliases"].update(a=3), "alias a: cannot stand for 3"),
        (lambda c: c["retired"][0].update(replaced_by="gone"), "leads to 'gone', which is no model"),
        (lambda c: c.update(extra=1), "unknown field 'extra'"),
        (lambda c: c.update(models=[3]), "must be a table"),
    ],
)
def test_a_broken_catalogue_is_refused_by_name(change, said):
    """Each kind of mistake stops the load with the entry and the field in the message."""
    assert said in _broken(change)


def test_a_file_that_cannot_be_read_is_refused_by_path(tmp_path):
    """A missing file and a file that is no TOML both name the path."""
    (tmp_path / "bad.toml").write_text("models = [")
    for name in ("bad.toml", "missing.toml"):
        with pytest.raises(InvalidCatalog, match=name):
            load(tmp_path / name)


def test_the_output_ceiling_leaves_room_for_thinking_and_stays_in_the_window():
    """A thinking model may be billed for more than was asked; nobody for more than fits beside the input."""
    thinker, local = catalog().model("openai/gpt-oss-120b"), catalog().model("smollm2-135m")
    assert thinker.output_ceiling(512) == 512 + thinker.thinking_tokens
    assert thinker.output_ceiling(1_000_000) == thinker.max_output_tokens
    assert local.output_ceiling(512, input_tokens=1_900) == local.context_tokens - 1_900
    assert local.output_ceiling(512, input_tokens=5_000) == 1
